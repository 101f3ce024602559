-- what: A run as it landed last.
-- grain: run_id
-- reads: $run_id
with runs as (
    select * from raw.runs where run_id = $run_id
),

final as (
    select * from runs
    qualify row_number() over (order by landed_at desc) = 1
)

select * from final
