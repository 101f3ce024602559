-- what: Does the hour of the day or the weekday move the probability? Of the last eight weeks; null where they are too few.
-- grain: study, endpoint, model, arm, prompt, effect
-- whole
with tests as (
    select * from raw.tests
    where test in ('hour', 'hour groups', 'hour days', 'weekday', 'weekday groups', 'weekday days')
    qualify row_number() over (
        partition by study, endpoint, model, arm, prompt, test order by tested_at desc
    ) = 1
),

series as (
    select * from mart.series
),

final as (
    select
        tests.study,
        tests.endpoint,
        tests.model,
        tests.arm,
        tests.prompt,
        split_part(tests.test, ' ', 1) as effect,
        any_value(tests.statistic) filter (where tests.test like '% groups')::bigint as groups,
        any_value(tests.statistic) filter (where tests.test like '% days')::bigint as days,
        any_value(tests.statistic) filter (where tests.test in ('hour', 'weekday')) as explained_share,
        any_value(tests.p_value) as p_value,
        any_value(tests.permutations) as permutations
    from tests
    inner join series using (study, endpoint, model, arm, prompt)
    group by all
)

select * from final
