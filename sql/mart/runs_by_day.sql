-- what: How many samples of each run stand on each day, withheld runs included.
-- grain: run_id, day
-- by day
with samples as (
    select * from stg.samples
    where day in (select unnest($days))
),

final as (
    select
        run_id,
        day,
        count(*) as samples,
        count(*) filter (where outcome = 'failed') as failures,
        bool_or(is_simulated) as is_simulated
    from samples
    group by all
)

select * from final
