-- The clicks of model.py, evaluated inside ClickHouse. `draw` is draw.py's; the numbers of purposes are those of `For`.

-- name: hours
-- The plan: the number of each hour's first click, and of the next one's.
CREATE OR REPLACE TABLE model_hours (hour UInt32, first UInt64, next UInt64) ENGINE = Memory

-- name: places
-- For each hour of the week, the slots that a place is drawn from.
CREATE OR REPLACE TABLE model_places
(
    place_slot UInt32, place UInt64, country String, region String, city String, continent String,
    latitude Nullable(Float32), longitude Nullable(Float32), timezone String, asn UInt32, network String,
    geo_source String, language String
)
ENGINE = Memory

-- name: agents
-- For each group, the slots that a user agent is drawn from.
CREATE OR REPLACE TABLE model_agents
(
    agent_slot UInt32, agent UInt8, user_agent String, bot Bool, bot_name String, bot_reason String, device String, device_brand String,
    device_model String, browser String, browser_version String, engine String, os String, os_version String
)
ENGINE = Memory

-- name: sources
-- Every referrer with every campaign.
CREATE OR REPLACE TABLE model_sources
(
    source UInt32, campaign String, referer String, referer_url String, channel String, utm_source String,
    utm_medium String, utm_campaign String, utm_term String, utm_content String
)
ENGINE = Memory

-- name: load
-- The clicks of the hours from `from_hour` to before `to_hour`. A visitor's hash is made here without the day's salt, so
-- it has the same number of distinct values as the real one, and other values.
INSERT INTO clicks
(
    click_id, batch_id, block_id, edge, received_at, workspace_id, link_id, link_version, timestamp, domain, code, url,
    kind, verdict, bot, bot_name, bot_reason, trigger, variant, rule, country, region, city, continent, latitude, longitude, timezone,
    asn, network, geo_source, device, device_brand, device_model, browser, browser_version, engine, os, os_version, user_agent,
    language, referer, referer_url, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content, visitor, ip,
    enriched_by
)
WITH
    (number, purpose) -> intHash64(number * 64 + purpose + {key:UInt64}) AS draw,
    drawn -> bitShiftRight(drawn, 11) / 9007199254740992 AS fraction,
    (drawn, most) -> least(most, toUInt64(pow(most + 1, fraction(drawn)))) AS zipf,
    drawn AS
    (
        SELECT
            number,
            hour,
            toUInt32((hour + 72) % 168 * 512 + draw(number, 2) % 512) AS place_slot,
            zipf(draw(number, 3), {workspaces:UInt64}) AS workspace,
            zipf(draw(number, 4), greatest(5, intDiv({links:UInt64}, workspace))) AS rank,
            workspace * 1000000 + rank AS link,
            fraction(draw(number, 6)) AS share,
            greatest(20, intDiv({regulars:UInt64}, workspace)) AS regulars,
            if(draw(number, 5) % 100 >= 35, 2147483648 + number, toUInt64(regulars * (share * share))) AS person,
            {traffic_kinds:Array(String)}[1 + draw(number, 9) % 1024] AS traffic_kind,
            {traffic_groups:Array(UInt8)}[1 + draw(number, 9) % 1024] AS traffic_group,
            {referers:Array(UInt8)}[1 + draw(number, 10) % 1024] AS referer_index,
            {campaigns:Array(UInt8)}[1 + draw(link, 12) % 1024] AS campaign_index,
            toUInt32(referer_index * 256 + campaign_index) AS source,
            draw(number, 11) % 100 AS qr
        FROM (SELECT hour, arrayJoin(range(first, next)) AS number FROM model_hours
            WHERE hour >= {from_hour:UInt32} AND hour < {to_hour:UInt32})
    ),
    placed AS
    (
        SELECT
            *,
            place * 4294967296 + person AS who,
            toUInt32(traffic_group * 1024 + draw(if(traffic_group = 0, who, number), 7) % 1024) AS agent_slot,
            draw(who, 8) AS address,
            fromUnixTimestamp64Milli(toInt64(hour * 3600000 + draw(number, 1) % 3600000), 'UTC') AS at
        FROM drawn
        INNER JOIN model_places USING (place_slot)
    )
SELECT
    concat({seed:String}, '-', toString(number)),
    concat('load-', {seed:String}, '-', toString(intDiv(number, 500))),
    concat('load-', {seed:String}),
    'load',
    at,
    workspace,
    link,
    1,
    at,
    concat('go.shop', toString(workspace), '.example'),
    toString(link),
    concat('https://shop', toString(workspace), '.example/p/', toString(rank), campaign),
    traffic_kind,
    if(traffic_kind = 'click' AND bot, 'bot', traffic_kind),
    bot,
    bot_name,
    bot_reason,
    if(referer = '(direct)' AND qr < 14, 'qr', 'link'),
    -1,
    -1,
    country, region, city, continent, latitude, longitude, timezone, asn, network, geo_source,
    device, device_brand, device_model, browser, browser_version, engine, os, os_version, user_agent,
    language, referer, referer_url, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content,
    intHash64(bitAnd(address, 16777215) * 256 + agent + intHash64(workspace * 100000 + toRelativeDayNum(at))),
    concat('10.', toString(bitAnd(address, 255)), '.', toString(bitAnd(bitShiftRight(address, 8), 255)), '.0'),
    {enriched_by:String}
FROM placed
INNER JOIN model_agents USING (agent_slot)
INNER JOIN model_sources USING (source)
