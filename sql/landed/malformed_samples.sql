-- what: how many answers of a run ($run_id) on its $day make no sense
select count(*) as n
from stg.samples
where day = $day and run_id = $run_id and outcome = 'malformed'
