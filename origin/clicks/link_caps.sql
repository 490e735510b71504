-- name: lock_caps
-- Those of the links that have a cap, held in one order for all, so that two drains don't each wait for the other.
SELECT link_caps.link_id, link_caps.counted_from, links.workspace_id
FROM link_caps JOIN links ON links.id = link_caps.link_id
WHERE link_caps.link_id = ANY (CAST(:ids AS bigint[]))
ORDER BY link_caps.link_id
FOR NO KEY UPDATE OF link_caps

-- name: count_block
-- A row where this block was not counted yet.
INSERT INTO counted_blocks (block_id) VALUES (:block_id) ON CONFLICT (block_id) DO NOTHING RETURNING block_id

-- name: add_clicks
-- Add a block's clicks to those that its links have had.
UPDATE link_caps SET clicks = link_caps.clicks + given.clicks
FROM unnest(CAST(:ids AS bigint[]), CAST(:counts AS bigint[])) AS given (link_id, clicks)
WHERE link_caps.link_id = given.link_id

-- name: note_before
-- What ClickHouse has of before a cap was set; it may keep less by now than it once had.
UPDATE link_caps SET clicks_before = greatest(link_caps.clicks_before, given.clicks)
FROM unnest(CAST(:ids AS bigint[]), CAST(:counts AS bigint[])) AS given (link_id, clicks)
WHERE link_caps.link_id = given.link_id

-- name: prune_blocks
-- Forget blocks that no drain will repeat.
DELETE FROM counted_blocks WHERE counted_at < now() - make_interval(days => :days)
