-- The design of other shorteners: a row for each visit in the database that has the links, with indexes for what is asked.

-- name: table
-- `verdict` tells clicks from robots and previews, as in Nearhop; low-cardinality texts are stored as they are.
CREATE UNLOGGED TABLE visits
(
    workspace_id integer NOT NULL,
    link_id bigint NOT NULL,
    at timestamptz NOT NULL,
    is_click boolean NOT NULL,
    country text NOT NULL,
    city text NOT NULL,
    referer text NOT NULL,
    browser text NOT NULL,
    device text NOT NULL,
    os text NOT NULL,
    user_agent text NOT NULL,
    referer_url text NOT NULL,
    visitor bigint NOT NULL
)

-- name: export
-- One day of Nearhop's clicks, as COPY takes them.
SELECT
    workspace_id, link_id, formatDateTime(timestamp, '%Y-%m-%d %H:%i:%S.%f+00'), verdict = 'click', country, city,
    referer, browser, device, os, user_agent, referer_url, reinterpretAsInt64(visitor)
FROM nearhop.clicks
WHERE toRelativeDayNum(timestamp) = {day}

-- name: index_workspace
-- The workspace's clicks of a time.
CREATE INDEX visits_workspace_at ON visits (workspace_id, at) WHERE is_click

-- name: index_link
-- The link's clicks of a time.
CREATE INDEX visits_link_at ON visits (link_id, at) WHERE is_click

-- name: count
-- Clicks of the period.
SELECT count(*) AS clicks FROM visits WHERE /*scope*/ AND is_click AND at >= %(start)s AND at < %(end)s

-- name: timeseries
-- By day.
SELECT date_trunc('day', at, 'UTC') AS value, count(*) AS clicks FROM visits
WHERE /*scope*/ AND is_click AND at >= %(start)s AND at < %(end)s GROUP BY 1

-- name: top
-- The values of one column.
SELECT /*column*/ AS value, count(*) AS clicks FROM visits
WHERE /*scope*/ AND is_click AND at >= %(start)s AND at < %(end)s GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1000
