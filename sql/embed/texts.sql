-- what: the texts of some completions ($completion_ids) of $days
-- grain: completion_id
with bodies as (
    select * from stg.bodies
    where day in (select unnest($days))
)

select
    md5(text) as completion_id,
    any_value(text) as text
from bodies
where md5(text) in (select unnest($completion_ids))
group by completion_id
