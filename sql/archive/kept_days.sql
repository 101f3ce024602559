-- what: the days of which a body is typed and not here, so that it cannot be typed again
-- grain: day
with archived_days as (
    select distinct day from raw.archives
)

select distinct typed.day
from stg.bodies as typed
inner join archived_days on typed.day = archived_days.day
where
    not exists (
        from raw.bodies as bodies
        where
            bodies.day = typed.day
            and bodies.body_id = typed.body_id
    )
order by typed.day
