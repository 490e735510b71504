-- name: start
-- Where page :page begins: behind the end of the page before it, of a walk that has not gone on from there (the latest of
-- them); else behind the furthest page before it that the latest walk has seen. That walk has gone on then.
WITH known AS (
    SELECT root, page, value, number, followed
    FROM page_ends
    WHERE walk = :walk AND page < :page AND ended_at > now() - make_interval(secs => :kept)
), chosen AS (
    SELECT root, page, value, number
    FROM known
    ORDER BY (page = :page - 1 AND NOT followed) DESC, root DESC, page DESC
    LIMIT 1
), followed AS (
    UPDATE page_ends AS each SET followed = true
    FROM chosen
    WHERE each.walk = :walk AND each.root = chosen.root AND each.page = chosen.page AND NOT each.followed
)
SELECT root, page, value, number FROM chosen

-- name: end
-- Keeps where page :page of a walk ended. :root is when its first page was asked for; NULL begins a walk. What is too far back
-- of it to be asked for again goes, but for its first page, and so do walks of which there are too many.
WITH far AS (
    DELETE FROM page_ends WHERE walk = :walk AND root = CAST(:root AS timestamptz) AND page = :page - :pages AND page > 1
), forgotten AS (
    DELETE FROM page_ends
    WHERE walk = :walk AND CAST(:root AS timestamptz) IS NULL AND root <= (
        SELECT root FROM page_ends WHERE walk = :walk AND page = 1 ORDER BY root DESC OFFSET :walks LIMIT 1
    )
)
INSERT INTO page_ends (walk, root, page, value, number)
VALUES (:walk, coalesce(CAST(:root AS timestamptz), clock_timestamp()), :page, :value, :number)
ON CONFLICT (walk, root, page) DO UPDATE SET value = excluded.value, number = excluded.number, ended_at = now()

-- name: sweep
-- Forgets the ends that are too old to go on from.
DELETE FROM page_ends WHERE ended_at < now() - make_interval(secs => :kept)
