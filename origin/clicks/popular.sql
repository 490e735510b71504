-- name: take_turn
-- The ranking as it is, for whoever finds that nobody has looked at it lately.
UPDATE popular_links SET looked_at = now()
WHERE looked_at IS NULL OR looked_at <= now() - make_interval(secs => :seconds)
RETURNING link_ids

-- name: give_back
UPDATE popular_links SET looked_at = NULL

-- name: rank
UPDATE popular_links SET link_ids = CAST(:ids AS bigint[]), ranked_at = now()
