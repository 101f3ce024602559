-- what: Which of two crossed settings moves the mean embedding distance between two completions: of the newest 28 days.
-- grain: study, endpoint, model, prompt, factor
-- whole
with tests as (
    select * from raw.tests
    where starts_with(test, 'distance effect')
    qualify row_number() over (
        partition by study, endpoint, model, prompt, test order by tested_at desc
    ) = 1
),

series as (
    select * from mart.series
),

figures as (
    select
        study,
        endpoint,
        model,
        prompt,
        substr(test, strpos(test, ': ') + 2) as factor,
        any_value(statistic) filter (where starts_with(test, 'distance effect first: ')) as first_distance,
        any_value(statistic) filter (where starts_with(test, 'distance effect second: ')) as second_distance,
        any_value(p_value) as p_value,
        any_value(permutations) as permutations
    from tests
    group by all
),

final as (
    select figures.*
    from figures
    semi join series using (study, endpoint, model, prompt)
    where figures.first_distance is not null
)

select * from final
