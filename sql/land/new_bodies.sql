-- what: bodies that stg does not have yet, put together again, in parts that are small enough to be parsed in memory
-- grain: day, body_id, follow
create or replace temp table new_bodies as
with pending as (
    select
        calls.day,
        calls.body_id,
        calls.follow,
        any_value(calls.cut_at) as cut_at,
        any_value(calls.cut) as cut
    from raw.calls as calls
    where
        calls.day in (select unnest($days))
        and calls.body_id is not null
        and not exists (
            from stg.bodies as old
            where
                old.day in (select unnest($days))
                and old.day = calls.day
                and old.body_id = calls.body_id
                and old.follow is not distinct from calls.follow
        )
    group by calls.day, calls.body_id, calls.follow
),

objects as (
    select
        pending.day,
        pending.body_id,
        pending.follow,
        -- The members that were cut out leave a member behind, so that the commas around it stay right.
        if(
            pending.cut = '',
            bodies.body,
            left(bodies.body, pending.cut_at - 1) || '"":0' || substr(bodies.body, pending.cut_at)
        ) as object
    from pending
    inner join raw.bodies as bodies on pending.day = bodies.day and pending.body_id = bodies.body_id
    where bodies.day in (select unnest($days))
)

select
    *,
    -- Parsed JSON takes some ten times the room of its text.
    (sum(strlen(object)) over (rows unbounded preceding) // 33554432)::bigint as part
from objects;
