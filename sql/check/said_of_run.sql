-- what: When a run landed last, and when it was judged last; null where it was not.
-- grain: one row
-- reads: $run_id
with runs as (
    select * from raw.runs
    where run_id = $run_id
),

expectations as (
    select * from raw.expectations
    where run_id = $run_id
),

judged as (
    select max(judged_at) as judged_at
    from expectations
),

final as (
    select
        max(runs.landed_at) as landed_at,
        max(judged.judged_at) as judged_at
    from runs
    cross join judged
)

select * from final
