-- grain: run_id, expectation
with runs as (
    select * from mart.runs
    where study = $study
),

quality as (
    select * from mart.quality_by_run
)

select quality.*
from quality
semi join runs using (run_id)
order by quality.run_id, quality.severity, quality.expectation
