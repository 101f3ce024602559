-- what: runs that landed and that the marts do not know
-- grain: run_id
select distinct
    run_id,
    study
from raw.runs as landed
where not exists (
    from mart.runs as counted
    where counted.run_id = landed.run_id
)
order by run_id;
