-- Store the version and the KV record of links that have changed.
UPDATE links
SET version = sealed.version, kv_value = sealed.kv_value
FROM unnest(CAST(:ids AS bigint[]), CAST(:versions AS bigint[]), CAST(:values AS text[])) AS sealed (id, version, kv_value)
WHERE links.id = sealed.id;
