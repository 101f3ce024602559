-- what: A run as it landed last.
-- grain: run_id
-- reads: $run_id
with runs as (
    select * from raw.runs
    where run_id = $run_id
),

final as (
    -- Not row_number() = 1: without a partition, DuckDB 1.5 makes a row of nulls out of none.
    select * from runs
    order by landed_at desc
    limit 1
)

select * from final
