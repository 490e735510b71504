-- name: below
-- Of each place up to so many of the codes that lie below it, and whose they are.
SELECT place.domain, place.key AS above, found.key, found.workspace_id
FROM unnest(CAST(:domains AS text[]), CAST(:keys AS text[])) AS place (domain, key)
CROSS JOIN LATERAL (
    SELECT links.key, links.workspace_id FROM links
    -- `0` follows `/` in the byte order that keys are in.
    WHERE links.domain = place.domain AND links.key >= place.key || '/' AND links.key < place.key || '0'
    ORDER BY links.key LIMIT :most
) AS found

-- name: bare
-- The first of the codes that has none below it.
SELECT asked.key FROM unnest(CAST(:keys AS text[])) WITH ORDINALITY AS asked (key, place)
LEFT JOIN LATERAL (
    SELECT links.key FROM links
    WHERE links.domain = :domain AND links.key >= asked.key || '/' AND links.key < asked.key || '0' LIMIT 1
) AS found ON true
WHERE found.key IS NULL
ORDER BY place LIMIT 1

-- name: longest
-- What leads on from a path: the link of all of it, or else that of the most of it whose link carries the rest on.
SELECT links.key, links.kv_value, link.id, link.workspace_id FROM links
JOIN links AS link ON link.id = coalesce(links.alias_of, links.id)
WHERE links.domain = :domain AND links.key = ANY(CAST(:keys AS text[]))
    AND (links.key = :path OR (link.redirect ->> 'forwardPath')::boolean)
ORDER BY length(links.key) DESC LIMIT 1
