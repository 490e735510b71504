-- Values are counted by UTC day and month only, right from the clicks. By the hour they took most of an insert, as hardly two
-- clicks of a block shared such a row; the hours at the ends of a period are a narrow read of the raw clicks.
-- What another process inserts while this file runs is not in the rollup: `python -m origin rebuild-rollups` counts it.
ALTER TABLE dimension_spans DELETE WHERE span = 'day' AND dimension IN ('url', 'referer_url', 'path') SETTINGS mutations_sync = 1;

INSERT INTO dimension_spans (workspace_id, dimension, span, start, value, clicks, keep_days)
SELECT workspace_id, pair.1, 'day', toDate(timestamp) AS start, pair.2, count(), max(clicks.keep_days)
FROM clicks
ARRAY JOIN [('url', url), ('referer_url', referer_url), ('path', path)] AS pair
WHERE verdict = 'click' AND pair.2 != ''
GROUP BY workspace_id, pair.1, start, pair.2
SETTINGS max_partitions_per_insert_block = 0, insert_deduplicate = 0;

DROP VIEW IF EXISTS dimension_spans_feed;

DROP VIEW IF EXISTS dimension_counts_feed;

-- One pass over the clicks for each dimension, so that they need not be written out once for each of them first. A row of
-- the groups has a value of one dimension alone; an empty one means that the click has no such property.
CREATE MATERIALIZED VIEW IF NOT EXISTS dimension_spans_feed TO dimension_spans AS
SELECT
    workspace_id,
    found.1 AS dimension,
    part AS span,
    if(part = 'day', day, toStartOfMonth(day)) AS start,
    found.2 AS value,
    counted AS clicks,
    kept AS keep_days
FROM
(
    SELECT
        workspace_id,
        toDate(timestamp) AS day,
        country,
        concat(country, '\t', region) AS region_path,
        concat(country, '\t', region, '\t', city) AS city_path,
        continent,
        device,
        device_brand,
        browser,
        engine,
        os,
        network,
        referer,
        referer_url,
        channel,
        language,
        trigger,
        domain,
        url,
        path,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_term,
        utm_content,
        count() AS counted,
        max(clicks.keep_days) AS kept
    FROM clicks
    WHERE verdict = 'click'
    GROUP BY GROUPING SETS
    (
        (workspace_id, day, country),
        (workspace_id, day, region_path),
        (workspace_id, day, city_path),
        (workspace_id, day, continent),
        (workspace_id, day, device),
        (workspace_id, day, device_brand),
        (workspace_id, day, browser),
        (workspace_id, day, engine),
        (workspace_id, day, os),
        (workspace_id, day, network),
        (workspace_id, day, referer),
        (workspace_id, day, referer_url),
        (workspace_id, day, channel),
        (workspace_id, day, language),
        (workspace_id, day, trigger),
        (workspace_id, day, domain),
        (workspace_id, day, url),
        (workspace_id, day, path),
        (workspace_id, day, utm_source),
        (workspace_id, day, utm_medium),
        (workspace_id, day, utm_campaign),
        (workspace_id, day, utm_term),
        (workspace_id, day, utm_content)
    )
)
ARRAY JOIN
    [arrayFirst(
        each -> each.2 != '',
        [
            ('country', toString(country)),
            ('region_path', toString(region_path)),
            ('city_path', toString(city_path)),
            ('continent', toString(continent)),
            ('device', toString(device)),
            ('device_brand', toString(device_brand)),
            ('browser', toString(browser)),
            ('engine', toString(engine)),
            ('os', toString(os)),
            ('network', toString(network)),
            ('referer', toString(referer)),
            ('referer_url', toString(referer_url)),
            ('channel', toString(channel)),
            ('language', toString(language)),
            ('trigger', toString(trigger)),
            ('domain', toString(domain)),
            ('url', toString(url)),
            ('path', toString(path)),
            ('utm_source', toString(utm_source)),
            ('utm_medium', toString(utm_medium)),
            ('utm_campaign', toString(utm_campaign)),
            ('utm_term', toString(utm_term)),
            ('utm_content', toString(utm_content))
        ]
    )] AS found
ARRAY JOIN ['day', 'month'] AS part
WHERE value != '';

-- Where the release before this one still reads them, while it is being replaced.
DROP TABLE IF EXISTS dimension_counts;

CREATE VIEW IF NOT EXISTS dimension_counts AS
SELECT
    workspace_id,
    pair.1 AS dimension,
    toUInt64(0) AS link_id,
    toDateTime(if(dimension IN ('url', 'referer_url', 'path'), toStartOfDay(timestamp), toStartOfHour(timestamp)), 'UTC') AS hour,
    pair.2 AS value,
    count() AS clicks,
    max(clicks.keep_days) AS keep_days
FROM clicks
ARRAY JOIN
    arrayFilter(
        each -> each.2 != '',
        [
            ('country', toString(country)),
            ('region_path', concat(country, '\t', region)),
            ('city_path', concat(country, '\t', region, '\t', city)),
            ('continent', toString(continent)),
            ('device', toString(device)),
            ('device_brand', toString(device_brand)),
            ('browser', toString(browser)),
            ('engine', toString(engine)),
            ('os', toString(os)),
            ('network', toString(network)),
            ('referer', toString(referer)),
            ('referer_url', toString(referer_url)),
            ('channel', toString(channel)),
            ('language', toString(language)),
            ('trigger', toString(trigger)),
            ('domain', toString(domain)),
            ('url', toString(url)),
            ('path', toString(path)),
            ('utm_source', toString(utm_source)),
            ('utm_medium', toString(utm_medium)),
            ('utm_campaign', toString(utm_campaign)),
            ('utm_term', toString(utm_term)),
            ('utm_content', toString(utm_content))
        ]
    ) AS pair
WHERE verdict = 'click'
GROUP BY workspace_id, dimension, hour, value;

-- Small parts in one file: a block of clicks has some sixty columns, and a file for each of them took longer to write, and to
-- merge with others, than what is in it.
ALTER TABLE clicks MODIFY SETTING min_bytes_for_wide_part = 268435456;
