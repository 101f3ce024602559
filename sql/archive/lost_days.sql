-- what: the days of which an answer is neither typed nor here to be typed
-- grain: day
with archived_days as (
    select distinct day from raw.archives
)

select distinct calls.day
from raw.calls as calls
inner join archived_days on calls.day = archived_days.day
where
    calls.body_id is not null
    and not exists (
        from stg.bodies as typed
        where
            typed.day = calls.day
            and typed.body_id = calls.body_id
            and typed.follow is not distinct from calls.follow
    )
    and not exists (
        from raw.bodies as bodies
        where
            bodies.day = calls.day
            and bodies.body_id = calls.body_id
    )
order by calls.day
