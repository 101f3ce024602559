-- grain: completion_id
select
    completion_id,
    any_value(text) as text
from mart.completion_counts_by_day
where completion_id in (select unnest($completions::varchar[]))
group by completion_id
order by completion_id
