-- name: closed
-- Those of the places and of the workspace's URLs that the operator has closed, on account of other links than one.
SELECT domain, key, NULL AS url FROM unnest(CAST(:domains AS text[]), CAST(:keys AS text[])) AS asked (domain, key)
JOIN quarantines USING (domain, key)
WHERE released_at IS NULL AND source = 'operator' AND link_id IS DISTINCT FROM CAST(:but AS bigint)
UNION ALL
SELECT NULL, NULL, asked.url FROM unnest(CAST(:urls AS text[])) AS asked (url)
JOIN quarantines AS q ON hashtextextended(q.url, 0) = hashtextextended(asked.url, 0) AND q.url = asked.url
WHERE q.workspace_id = :workspace AND q.released_at IS NULL AND q.source = 'operator'
    AND q.link_id IS DISTINCT FROM CAST(:but AS bigint)
