-- what: how many samples, and how many different ones, some days have
select
    count(*) as samples,
    count(distinct sample_id) as ids
from raw.calls
where day in (select unnest($days));
