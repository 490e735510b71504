-- claim --
-- Lease the keys whose changes are due, the most urgent and then the oldest first, and read the newest change of each.
-- A key that another kvsync holds, or that was written a moment ago, waits its turn. It is one statement on one snapshot:
-- a change that commits meanwhile stays in the outbox with a higher version and is published by a later claim.
with due as materialized (
    select o.key
    from outbox o
    where o.poisoned_at is null
        and o.available_at <= now()
        and not exists (
            select from kv_keys k
            where k.key = o.key
                and (k.claimed_until > now() or k.synced_at > now() - make_interval(secs => %(key_interval)s))
        )
    order by o.priority desc, o.available_at, o.id
    limit %(rows)s
    for update of o skip locked
),
leased as (
    insert into kv_keys as k (key, claimed_by, claimed_until)
    select distinct on (key) key, %(owner)s, now() + make_interval(secs => %(lease)s)
    from due
    order by key
    on conflict (key) do update
        set claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
        where (k.claimed_until is null or k.claimed_until < now())
            and (k.synced_at is null or k.synced_at <= now() - make_interval(secs => %(key_interval)s))
    returning k.key, k.version
)
select distinct on (o.key) o.key, o.version, o.value, leased.version as published,
    -- This sees the table as it was before the lease: whether any kvsync ever touched the key, or two changes of it met.
    not exists (select from kv_keys k where k.key = o.key)
        and not exists (select from outbox other where other.key = o.key and other.id <> o.id) as first
from leased
join outbox o using (key)
where o.poisoned_at is null
order by o.key, o.version desc

-- renew --
-- Prolong the leases that are still this claim's; a key that is not returned belongs to another kvsync by now.
update kv_keys
set claimed_until = now() + make_interval(secs => %(lease)s)
where key = any(%(keys)s) and claimed_by = %(owner)s and claimed_until > now()
returning key

-- drop_changes --
-- Forget the changes up to the version that KV has.
delete from outbox o
using unnest(%(keys)s::text[], %(versions)s::bigint[]) as done (key, version)
where o.key = done.key and o.version <= done.version

-- record_written --
-- Note what KV holds now. Versions only rise, whatever order claims end in; the lease is dropped with it.
update kv_keys k
set version = greatest(k.version, done.version),
    deleted = case when done.version >= k.version then done.deleted else k.deleted end,
    synced_at = clock_timestamp(),
    claimed_by = case when k.claimed_by = %(owner)s then null else k.claimed_by end,
    claimed_until = case when k.claimed_by = %(owner)s then null else k.claimed_until end
from unnest(%(keys)s::text[], %(versions)s::bigint[], %(deleted)s::boolean[]) as done (key, version, deleted)
where k.key = done.key

-- poison --
-- Set aside changes that KV refuses.
update outbox o
set poisoned_at = now(), attempts = o.attempts + 1, last_error = bad.error
from unnest(%(keys)s::text[], %(versions)s::bigint[], %(errors)s::text[]) as bad (key, version, error)
where o.key = bad.key and o.version = bad.version

-- drop_superseded --
-- Older changes of a key need not be tried when the newest was refused.
delete from outbox o
using unnest(%(keys)s::text[], %(versions)s::bigint[]) as bad (key, version)
where o.key = bad.key and o.version < bad.version and o.poisoned_at is null

-- put_off --
-- These changes could not be written now: note why, and when they are due again.
update outbox o
set attempts = o.attempts + 1,
    last_error = %(error)s,
    available_at = greatest(o.available_at, now() + make_interval(secs => %(delay)s))
from unnest(%(keys)s::text[], %(versions)s::bigint[]) as late (key, version)
where o.key = late.key and o.version <= late.version and o.poisoned_at is null

-- release --
update kv_keys set claimed_by = null, claimed_until = null where key = any(%(keys)s) and claimed_by = %(owner)s

-- shorten --
-- Hold the keys of a call whose end was not seen only as long as it may still be carried out.
update kv_keys
set claimed_until = least(claimed_until, now() + make_interval(secs => %(seconds)s))
where key = any(%(keys)s) and claimed_by = %(owner)s

-- next_due --
-- Seconds until the first waiting change can be claimed; null when none waits.
select extract(epoch from min(
    greatest(o.available_at, k.claimed_until, k.synced_at + make_interval(secs => %(key_interval)s))
) - clock_timestamp())::float8
from outbox o
left join kv_keys k using (key)
where o.poisoned_at is null

-- state --
select count(*) filter (where poisoned_at is null) as depth,
    coalesce(extract(epoch from now() - min(created_at) filter (where poisoned_at is null)), 0)::float8 as lag,
    count(*) filter (where poisoned_at is not null) as poisoned,
    (select extract(epoch from now() - coalesce(written_at, since)) from kv_feed_state)::float8 as feed_age
from outbox

-- waiting --
-- How many changes up to a row of the outbox are not yet published.
select count(*) from outbox where id <= %(last)s and poisoned_at is null

-- last_row --
select coalesce(max(id), 0) from outbox

-- list_poisoned --
select id, key, version, attempts, poisoned_at, last_error from outbox where poisoned_at is not null order by id

-- retry --
-- Give poisoned changes another try: one by its id, or all of them.
with again as (
    update outbox
    set poisoned_at = null, available_at = now()
    where poisoned_at is not null and (id = %(id)s or %(id)s::bigint is null)
    returning id
)
select count(*), pg_notify('outbox', '') from again
