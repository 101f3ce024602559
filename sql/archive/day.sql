-- what: what the warehouse holds of one day's bodies; `content` names it, so that another file never takes its place
-- grain: day
select
    day,
    count(*) as bodies,
    sum(strlen(body))::bigint as body_bytes,
    left(md5(string_agg(body_id, ' ' order by body_id)), 12) as content
from raw.bodies
where day = $day
group by day
