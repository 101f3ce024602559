-- what: the bodies of one day, as they are archived: alike beside alike, which packs best
-- grain: body_id
create or replace temp table archived_bodies as
select
    day,
    body_id,
    body
from raw.bodies
where day = $day
order by body
