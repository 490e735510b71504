-- domains --
-- The domains in the order that their keys have in KV: by the bytes of what a key starts with.
select slug from domains order by (slug || '/') collate "C"

-- wanted --
-- A page of what KV shall hold for a domain, in byte order, on the index of (domain, key).
select key, version from links
where domain = %(domain)s and key > %(after)s
order by key
limit %(page)s

-- count --
select count(*) from links

-- lock_links --
-- Keep the links still while their repair is written: an edit waits, and its outbox row comes after ours.
select l.domain || '/' || l.key, l.version, l.kv_value
from links l
join unnest(%(domains)s::text[], %(codes)s::text[]) as seen (domain, code) on l.domain = seen.domain and l.key = seen.code
order by l.id
for update of l

-- key_states --
-- What kvsync knows of the keys: the version in KV, and whether a write is under way, too fresh to be listed, or refused.
select seen.key,
    coalesce(k.version, 0),
    exists (select from outbox o where o.key = seen.key and o.poisoned_at is null)
        or coalesce(k.claimed_until > now(), false)
        or coalesce(k.synced_at > now() - make_interval(secs => %(settle)s), false),
    exists (select from outbox o where o.key = seen.key and o.poisoned_at is not null)
from unnest(%(keys)s::text[]) as seen (key)
left join kv_keys k on k.key = seen.key

-- last_version --
select case when is_called then last_value else 0 end from link_version

-- raise_versions --
-- New links must get higher versions than KV has: after a restore of an old backup they would not.
select setval('link_version', %(version)s)

-- next_version --
select nextval('link_version')

-- rewrite_link --
update links set version = %(version)s, kv_value = %(value)s where domain = %(domain)s and key = %(code)s

-- enqueue --
insert into outbox (key, version, value)
select * from unnest(%(keys)s::text[], %(versions)s::bigint[], %(values)s::text[])

-- forget --
-- KV does not hold the version that was noted: step back below it, and no further, so that older changes stay shut out.
-- A key that has a newer version by now is not touched.
insert into kv_keys as k (key, version)
select key, version - 1 from unnest(%(keys)s::text[], %(versions)s::bigint[]) as again (key, version)
on conflict (key) do update set version = excluded.version
    where k.version = excluded.version + 1

-- wake --
select pg_notify('outbox', '')
