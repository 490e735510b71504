-- Postgres has every lead and sale, and each customer's clicks. What a conversion is credited to follows from these alone: it
-- does not matter in which order they came.

-- name: customer
-- The customer with this id of the asker's, made where there is none; the row is held until the end of the transaction.
INSERT INTO customers (workspace_id, external_id, name, email, avatar)
VALUES (:workspace, :external_id, :name, :email, :avatar)
ON CONFLICT (workspace_id, external_id) DO UPDATE SET
    name = coalesce(customers.name, excluded.name),
    email = coalesce(customers.email, excluded.email),
    avatar = coalesce(customers.avatar, excluded.avatar)
RETURNING *

-- name: customer_by_click
-- The same customer, who came by a click: noted, with what is known of it by now; what was known of it before is kept. `made`: there
-- was no such customer; `newly_found`: nothing was known of the click before, and now it is.
WITH customer AS (
    INSERT INTO customers (workspace_id, external_id, name, email, avatar)
    VALUES (:workspace, :external_id, :name, :email, :avatar)
    ON CONFLICT (workspace_id, external_id) DO UPDATE SET
        name = coalesce(customers.name, excluded.name),
        email = coalesce(customers.email, excluded.email),
        avatar = coalesce(customers.avatar, excluded.avatar)
    RETURNING *, xmax = 0 AS made
), touched AS (
    INSERT INTO customer_clicks AS clicks (workspace_id, customer_id, click_id, link_id, clicked_at, facts, look_at)
    SELECT
        :workspace, customer.id, :click_id, CAST(:link_id AS bigint), CAST(:clicked_at AS timestamptz), CAST(:facts AS jsonb),
        CASE WHEN CAST(:link_id AS bigint) IS NULL THEN now() END
    FROM customer
    ON CONFLICT (customer_id, click_id) DO UPDATE SET
        link_id = excluded.link_id, clicked_at = excluded.clicked_at, facts = excluded.facts, look_at = NULL
        WHERE clicks.link_id IS NULL AND excluded.link_id IS NOT NULL
    RETURNING link_id IS NOT NULL AS found
)
SELECT customer.*, coalesce((SELECT found FROM touched), false) AS newly_found
FROM customer

-- name: invoice
-- The sale that has this invoice.
SELECT * FROM conversions
WHERE workspace_id = :workspace AND invoice_id = :invoice AND event = 'sale' AND outcome <> 'duplicate'

-- name: record
-- Write a conversion down, unless it is there already. The window is the workspace's, or the given one. `sums_in` and `rates` are
-- the workspace's as well: read here, as the customer is held by now. Whoever changes them has summed the customer up before, or waits.
INSERT INTO conversions (
    workspace_id, customer_id, event, event_name, outcome, window_days, quantity, amount, currency, sale_type, invoice_id,
    payment_processor, metadata, lead_id
)
SELECT
    id, :customer, :event, :event_name, :outcome, coalesce(CAST(:window_days AS integer), attribution_days), :quantity, :amount, :currency,
    :sale_type, CAST(:invoice_id AS text), :payment_processor, CAST(:metadata AS jsonb), CAST(:lead_id AS bigint)
FROM workspaces
WHERE id = :workspace
ON CONFLICT DO NOTHING
RETURNING
    *,
    (SELECT workspaces.currency FROM workspaces WHERE workspaces.id = conversions.workspace_id) AS sums_in,
    (SELECT workspaces.exchange_rates FROM workspaces WHERE workspaces.id = conversions.workspace_id) AS rates

-- name: add_revenue
-- Add a sale to what a customer has paid.
UPDATE customers SET
    sales = sales + 1, revenue = CAST(:revenue AS jsonb), sale_amount = :sale_amount,
    first_sale_at = coalesce(first_sale_at, now())
WHERE id = :customer

-- name: found
-- These clicks are in ClickHouse: their facts. Returns whose they are.
UPDATE customer_clicks SET
    link_id = given.link_id, clicked_at = given.clicked_at, facts = given.facts, look_at = NULL
FROM jsonb_to_recordset(CAST(:found AS jsonb))
    AS given (click_id text, link_id bigint, clicked_at timestamptz, facts jsonb)
WHERE customer_clicks.workspace_id = :workspace AND customer_clicks.click_id = given.click_id
    AND customer_clicks.id = ANY (CAST(:ids AS bigint[])) AND customer_clicks.link_id IS NULL
RETURNING customer_clicks.customer_id

-- name: due
-- Take the clicks that ClickHouse did not have yet, and that it is time to look for again. If they are not found now, or this
-- process is killed, that is after a while, twice as long each time up to ten minutes. Another process passes over them.
UPDATE customer_clicks SET
    looks = looks + 1,
    look_at = now() + least(interval '10 minutes', interval '500 milliseconds' * power(2, least(looks, 20)))
WHERE id = ANY (ARRAY(
    SELECT id FROM customer_clicks WHERE look_at <= now() ORDER BY look_at LIMIT :most FOR UPDATE SKIP LOCKED
))
RETURNING id, workspace_id, customer_id, click_id, seen_at < now() - make_interval(days => :days) AS late

-- name: give_up
-- These are not looked for any more. Returns whose they were.
UPDATE customer_clicks SET look_at = NULL
WHERE id = ANY (CAST(:ids AS bigint[])) AND link_id IS NULL
RETURNING customer_id

-- name: hold
-- Nobody else credits or tracks anything of these customers until the end of the transaction.
SELECT id FROM customers WHERE id = ANY (CAST(:customers AS bigint[])) ORDER BY id FOR UPDATE

-- name: attribute
-- Credit these customers' leads or sales to the last and the first of the customer's clicks in the days before; if there are
-- none, to one of the minutes after, as a clock may be wrong. A sale that names its lead is credited as that is. Nothing is written where nothing changes.
UPDATE conversions SET
    last_click = credit.last_id,
    first_click = credit.first_id,
    outcome = credit.outcome,
    revision = conversions.revision + 1,
    stored_at = NULL
FROM (
    SELECT
        conversions.id,
        coalesce(lead.last_click, last.id) AS last_id,
        coalesce(lead.first_click, first.id) AS first_id,
        CASE
            WHEN coalesce(lead.last_click, last.id) IS NOT NULL THEN 'counted'
            WHEN EXISTS (
                SELECT FROM customer_clicks AS waiting
                WHERE waiting.customer_id = conversions.customer_id AND waiting.look_at IS NOT NULL
            ) THEN 'pending'
            ELSE 'unattributed'
        END AS outcome
    FROM conversions
    LEFT JOIN conversions AS lead ON lead.id = conversions.lead_id
    LEFT JOIN LATERAL (
        SELECT clicks.id FROM customer_clicks AS clicks
        WHERE clicks.customer_id = conversions.customer_id
            AND clicks.clicked_at >= conversions.occurred_at - make_interval(days => conversions.window_days)
            AND clicks.clicked_at <= conversions.occurred_at + interval '5 minutes'
        ORDER BY clicks.clicked_at <= conversions.occurred_at DESC, clicks.clicked_at DESC, clicks.click_id DESC LIMIT 1
    ) AS last ON true
    LEFT JOIN LATERAL (
        SELECT clicks.id FROM customer_clicks AS clicks
        WHERE clicks.customer_id = conversions.customer_id
            AND clicks.clicked_at >= conversions.occurred_at - make_interval(days => conversions.window_days)
            AND clicks.clicked_at <= conversions.occurred_at + interval '5 minutes'
        ORDER BY clicks.clicked_at <= conversions.occurred_at DESC, clicks.clicked_at, clicks.click_id LIMIT 1
    ) AS first ON true
    WHERE conversions.customer_id = ANY (CAST(:customers AS bigint[])) AND conversions.event = :event
        AND (CAST(:only AS bigint) IS NULL OR conversions.id = :only)
        AND conversions.outcome NOT IN ('duplicate', 'expired')
) AS credit
WHERE conversions.id = credit.id
    AND (conversions.last_click, conversions.first_click, conversions.outcome)
        IS DISTINCT FROM (credit.last_id, credit.first_id, credit.outcome)

-- name: place_customers
-- A customer came by the link of the first click, and from its country, unless somebody says otherwise.
UPDATE customers SET
    link_id = coalesce(customers.link_id, links.id),
    country = coalesce(customers.country, nullif(first.country, 'Unknown'))
FROM (
    SELECT DISTINCT ON (customer_id) customer_id, link_id, facts ->> 'country' AS country
    FROM customer_clicks
    WHERE customer_id = ANY (CAST(:customers AS bigint[])) AND link_id IS NOT NULL
    ORDER BY customer_id, clicked_at, click_id
) AS first
LEFT JOIN links ON links.id = first.link_id
WHERE customers.id = first.customer_id AND (customers.link_id IS NULL OR customers.country IS NULL)

-- name: claim
-- Put counted conversions that ClickHouse does not have as they are now into a block. Another process passes over them.
UPDATE conversions SET block = :block, block_revision = revision
WHERE id = ANY (ARRAY(
    SELECT id FROM conversions
    WHERE outcome = 'counted' AND (stored_at IS NULL OR NOT sent) AND block IS NULL
    ORDER BY id
    LIMIT :most
    FOR UPDATE SKIP LOCKED
))

-- name: take_block
-- A block that nobody works on, held until the end of the transaction; one that a killed process has left as well.
WITH blocks AS MATERIALIZED (SELECT DISTINCT block FROM conversions WHERE block IS NOT NULL)
SELECT block FROM blocks WHERE pg_try_advisory_xact_lock(block) LIMIT 1

-- name: in_block
-- The conversions of a block, with their clicks.
SELECT
    conversions.*,
    last.facts AS last_facts, last.clicked_at AS last_clicked_at, last.link_id AS last_link_id, last.click_id AS last_click_id,
    first.facts AS first_facts, first.clicked_at AS first_clicked_at, first.link_id AS first_link_id,
    first.click_id AS first_click_id
FROM conversions
JOIN customer_clicks AS last ON last.id = conversions.last_click
JOIN customer_clicks AS first ON first.id = conversions.first_click
WHERE conversions.block = :block AND conversions.outcome = 'counted'
ORDER BY conversions.id

-- name: stored
-- ClickHouse has the block. What was revised since it was claimed goes again; what somebody holds stays, and the block comes again.
UPDATE conversions SET
    block = NULL, sent = true, stored_at = CASE WHEN revision = block_revision THEN now() END
WHERE id = ANY (ARRAY(SELECT id FROM conversions WHERE block = :block ORDER BY id FOR UPDATE SKIP LOCKED))
