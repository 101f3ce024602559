-- what: runs that landed and were not judged since
-- grain: run_id
with runs as (
    select
        run_id,
        arg_max(study, landed_at) as study,
        max(landed_at) as landed_at
    from raw.runs
    group by run_id
),

judgements as (
    select
        run_id,
        max(judged_at) as judged_at
    from raw.expectations
    group by run_id
)

select
    runs.run_id,
    runs.study
from runs
left join judgements on runs.run_id = judgements.run_id
where judgements.judged_at is null or judgements.judged_at < runs.landed_at
order by runs.run_id;
