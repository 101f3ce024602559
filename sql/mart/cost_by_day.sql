-- what: What a day's calls cost; an unknown price or an answer that does not say its tokens makes the cost unknown, never 0.
-- grain: study, endpoint, model, arm, prompt, day
-- whole
with calls as (
    select * from mart.calls_by_day
),

declared_prices as (
    select * from prices
),

usage as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        sum(n)::bigint as calls,
        sum(prompt_tokens)::bigint as prompt_tokens,
        sum(completion_tokens)::bigint as completion_tokens,
        coalesce(sum(without_usage) filter (where outcome <> 'failed'), 0) as without_usage
    from calls
    group by all
),

models as (
    select distinct
        endpoint,
        model
    from usage
),

model_prices as (
    -- A dated name takes its alias's price where it has none of its own.
    select
        models.endpoint,
        models.model,
        max_by(declared_prices.input_usd_per_million, length(declared_prices.model)) as input_usd_per_million,
        max_by(declared_prices.output_usd_per_million, length(declared_prices.model)) as output_usd_per_million
    from models
    inner join declared_prices
        on
            models.endpoint = declared_prices.endpoint
            and (
                models.model = declared_prices.model
                or starts_with(models.model, declared_prices.model || '-20')
            )
    group by all
),

final as (
    select
        usage.* exclude (without_usage),
        case
            when usage.without_usage = 0 and model_prices.model is not null
                then (
                    coalesce(usage.prompt_tokens, 0) * model_prices.input_usd_per_million
                    + coalesce(usage.completion_tokens, 0) * model_prices.output_usd_per_million
                ) / 1e6
        end as usd
    from usage
    left join model_prices using (endpoint, model)
)

select * from final
