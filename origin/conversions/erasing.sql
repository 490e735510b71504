-- name: conversions_of_workspace
-- Every lead and sale of a workspace.
DELETE FROM conversions WHERE workspace_id = :workspace

-- name: clicks_of_workspace
-- What is kept of the clicks of its customers.
DELETE FROM customer_clicks WHERE workspace_id = :workspace

-- name: customers_of_workspace
-- And themselves.
DELETE FROM customers WHERE workspace_id = :workspace

-- name: conversions_of_customer
-- What one customer did.
DELETE FROM conversions WHERE workspace_id = :workspace AND customer_id = :customer

-- name: clicks_of_customer
-- What is kept of the customer's clicks.
DELETE FROM customer_clicks WHERE workspace_id = :workspace AND customer_id = :customer

-- name: customers_of_customer
-- And who it was.
DELETE FROM customers WHERE workspace_id = :workspace AND id = :customer

-- name: clicks_of_link
-- The clicks of a link, as far as customers came by them. Returns whose they were.
DELETE FROM customer_clicks WHERE workspace_id = :workspace AND link_id = :link RETURNING customer_id

-- name: clicks_of_visitors
-- The clicks of a visitor. Returns whose they were.
DELETE FROM customer_clicks
WHERE workspace_id = :workspace AND facts ->> 'visitor' = ANY (CAST(:visitors AS text[]))
RETURNING customer_id

-- name: click_times
-- When the first and the last of the clicks were that are kept of a workspace's customers.
SELECT min(clicked_at), max(clicked_at) FROM customer_clicks WHERE workspace_id = :workspace

-- name: unplace
-- These customers came by no link that is known, until one of their other clicks says so.
UPDATE customers SET link_id = NULL WHERE id = ANY (CAST(:customers AS bigint[]))

-- name: halves
-- Events of deleted customers that lost their last or their first click are credited to the one that is left.
UPDATE conversions SET
    last_click = coalesce(last_click, first_click), first_click = coalesce(first_click, last_click),
    revision = revision + 1, stored_at = NULL
WHERE workspace_id = :workspace AND outcome = 'counted' AND (last_click IS NULL) <> (first_click IS NULL)

-- name: orphans
-- Those that lost both are credited to nothing.
UPDATE conversions SET outcome = 'unattributed'
WHERE workspace_id = :workspace AND outcome = 'counted' AND last_click IS NULL

-- name: send_again
-- ClickHouse has none of them any more.
UPDATE conversions SET stored_at = NULL, sent = false, block = NULL WHERE outcome = 'counted'

-- name: expire_conversions
-- Of events that are older than the plan keeps, no more is left than what tells a repetition.
UPDATE conversions SET outcome = 'expired', metadata = NULL
WHERE workspace_id = ANY (CAST(:workspaces AS bigint[])) AND outcome <> 'expired' AND outcome <> 'duplicate'
    AND occurred_at < now() - make_interval(days => :days)

-- name: expire_duplicates
-- Notes of what came again.
DELETE FROM conversions
WHERE workspace_id = ANY (CAST(:workspaces AS bigint[])) AND outcome = 'duplicate'
    AND occurred_at < now() - make_interval(days => :days)

-- name: expire_clicks
-- What is kept of clicks that are older, unless an event of later is credited to them.
DELETE FROM customer_clicks AS clicks
WHERE workspace_id = ANY (CAST(:workspaces AS bigint[])) AND coalesce(clicked_at, seen_at) < now() - make_interval(days => :days)
    AND NOT EXISTS (
        SELECT FROM conversions
        WHERE (conversions.last_click = clicks.id OR conversions.first_click = clicks.id) AND conversions.outcome = 'counted'
    )
