-- Leads and sales made of the generator's clicks, as the drain of conversions would have written them.

-- name: load
-- An event for five of eight clicks, up to three days later, in both models: three leads to two sales.
INSERT INTO conversion_credits
(
    workspace_id, model, event, event_id, revision, sign, timestamp, event_name, customer_id, quantity, amount, currency, sale_type,
    invoice_id, payment_processor, metadata, click_id, clicked_at, link_id, keep_days, /*facts*/
)
WITH cityHash64(click_id) AS drawn
SELECT
    workspace_id,
    arrayJoin(['last', 'first']) AS model,
    if(drawn % 5 < 3, 'lead', 'sale') AS kind,
    concat('evt_', lower(hex(drawn))),
    1,
    1,
    least(clicks.timestamp + toIntervalSecond(drawn % 259200), fromUnixTimestamp64Milli({end_ms:Int64})),
    if(kind = 'sale', 'Purchase', ['Sign up', 'Trial', 'Newsletter'][1 + drawn % 3]),
    drawn % 500000 + 1,
    1,
    if(kind = 'sale', 500 + drawn % 20000, 0),
    if(kind = 'sale', if(drawn % 7 = 0, 'eur', 'usd'), ''),
    if(kind = 'sale', if(drawn % 3 = 0, 'new', 'recurring'), ''),
    '',
    if(kind = 'sale', 'stripe', ''),
    '',
    click_id,
    clicks.timestamp,
    link_id,
    0,
    /*facts*/
FROM clicks
WHERE verdict = 'click' AND workspace_id = 1 AND drawn % 8 < 5
LIMIT {rows:UInt64}
SETTINGS max_partitions_per_insert_block = 0, max_threads = 2, min_insert_block_size_rows = 250000
