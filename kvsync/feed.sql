-- tell --
-- Queue what was published for the feed, on the transaction that writes it down.
insert into kv_feed (line) select * from unnest(%(lines)s::text[])

-- claim --
-- Take the right to write the feed, where something is to be told or a sign of life is due, and its key may be written again.
update kv_feed_state
set claimed_by = %(owner)s, claimed_until = now() + make_interval(secs => %(lease)s)
where (claimed_until is null or claimed_until < now())
    and (written_at is null or written_at <= now() - make_interval(secs => %(interval)s))
    and (
        written_at is null
        or written_at <= now() - make_interval(secs => %(heartbeat)s)
        or shown < head
        or exists (select from kv_feed where number is null)
    )
returning true

-- number --
-- Number what was not numbered yet. Whoever holds the claim does it, so the order is one: a change that commits later comes later.
with state as (
    select head from kv_feed_state where claimed_by = %(owner)s for update
),
new as (
    select id, row_number() over (order by id) as place from kv_feed where number is null
)
update kv_feed f
set number = state.head + new.place, listed_at = now()
from new, state
where f.id = new.id

-- trim --
-- Let the oldest changes go where there are too many, and note when the last of these was told.
with sized as (
    select id,
        number,
        listed_at,
        row_number() over newest > %(most)s or sum(octet_length(line) + 1) over newest > %(most_bytes)s as surplus
    from kv_feed
    where number is not null
    window newest as (order by number desc)
),
gone as (
    delete from kv_feed f using sized s where f.id = s.id and s.surplus
)
update kv_feed_state
set head = greatest(head, (select max(number) from sized)),
    since = greatest(since, (select max(listed_at) from sized where surplus))
where claimed_by = %(owner)s
returning head, extract(epoch from since)::float8, extract(epoch from now())::float8

-- lines --
select line from kv_feed where number is not null order by number

-- written --
update kv_feed_state
set shown = %(head)s, written_at = clock_timestamp(), claimed_by = null, claimed_until = null
where claimed_by = %(owner)s

-- release --
update kv_feed_state
set claimed_by = null, claimed_until = null
where claimed_by = %(owner)s

-- shorten --
-- Hold the feed after a call whose end was not seen only as long as it may still be carried out.
update kv_feed_state
set claimed_until = least(claimed_until, now() + make_interval(secs => %(seconds)s))
where claimed_by = %(owner)s
