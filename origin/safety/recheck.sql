-- name: newest
-- Links below a number that are not older than a moment, the newest first: by the primary key, as numbers grow with time.
SELECT id FROM (
    SELECT id, created_at FROM links WHERE id < :below AND alias_of IS NULL ORDER BY id DESC LIMIT :most
) AS next
WHERE created_at > :since
ORDER BY id DESC

-- name: listed
-- Links that a list has brought into quarantine.
SELECT link_id FROM quarantines WHERE released_at IS NULL AND source IN ('blocklist', 'safe_browsing')

-- name: take_turns
-- Those of the links that nobody has looked at for six hours are the caller's to look at.
INSERT INTO link_checks (link_id)
SELECT id FROM links WHERE id = ANY (CAST(:ids AS bigint[])) AND alias_of IS NULL ORDER BY id FOR KEY SHARE
ON CONFLICT (link_id) DO UPDATE SET checked_at = now()
WHERE link_checks.checked_at < now() - interval '6 hours'
RETURNING link_id

-- name: links
-- The links with these numbers.
SELECT * FROM links WHERE id = ANY (CAST(:ids AS bigint[])) ORDER BY id

-- name: give_back
-- These could not be compared: their turn is now.
UPDATE link_checks SET checked_at = 'epoch' WHERE link_id = ANY (CAST(:ids AS bigint[]))
