-- what: Which models answered a run, by the names that they gave.
-- grain: study, endpoint, model, arm, prompt, served_model
-- reads: $run_id
with samples as (
    select * from stg.samples
    where run_id = $run_id
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        served_model,
        count(*) as n
    from samples
    where served_model is not null
    group by all
    order by n desc, served_model asc
)

select * from final
