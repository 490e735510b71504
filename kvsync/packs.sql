-- claim --
-- Take the right to write the packs, where there is another ranking, or the change feed does not reach back to them any more.
-- In the second case sooner, if new packs will be good for a while: the feed reaches back as far as they are late, and more.
update kv_packs_state s
set claimed_by = %(owner)s, claimed_until = now() + make_interval(secs => %(lease)s)
from popular_links p, kv_feed_state f
where (s.claimed_until is null or s.claimed_until < now())
    and (
        (s.written_at is null or s.written_at <= now() - make_interval(secs => %(interval)s))
        and s.ranked_at is distinct from p.ranked_at
        or s.packs > 0
        and f.since > s.read_at - make_interval(secs => %(settle)s)
        and s.written_at <= now() - make_interval(
            secs => case
                when f.since <= now() - make_interval(secs => %(settle)s + %(late)s + %(sooner)s) then %(sooner)s
                else %(interval)s
            end
        )
    )
returning s.packs

-- ranking --
-- The time before which all that was published is in `records`, as unix seconds and as it is, and which ranking they follow.
select extract(epoch from now())::float8, now(), ranked_at from popular_links

-- records --
-- What KV shall hold for the most visited links and their aliases, the most visited first.
select l.domain || '/' || l.key, l.kv_value
from popular_links p
cross join lateral unnest(p.link_ids) with ordinality as popular (id, place)
cross join lateral (
    select domain, key, kv_value from links where id = popular.id
    union all
    select domain, key, kv_value from links where alias_of = popular.id
) l
order by popular.place

-- written --
update kv_packs_state
set packs = %(packs)s, written_at = clock_timestamp(), read_at = %(read_at)s, ranked_at = %(ranked_at)s,
    claimed_by = null, claimed_until = null
where claimed_by = %(owner)s

-- release --
update kv_packs_state
set claimed_by = null, claimed_until = null
where claimed_by = %(owner)s
