-- what: The latest judgement of each expectation on each run.
-- grain: run_id, expectation
-- whole
with expectations as (
    select * from raw.expectations
),

final as (
    select
        run_id,
        expectation,
        severity,
        applicable,
        success,
        observed,
        unexpected_count,
        judged_at
    from expectations
    qualify row_number() over (partition by run_id, expectation order by judged_at desc) = 1
)

select * from final
