-- what: The months whose tables were all tested and not added up yet, with the sums of their statistics, draw by draw.
-- grain: part_id
with summed as (
    select input_hash from raw.tests
    where test = 'association_month'
),

parts as (
    select distinct on (part_id) * from mart.association_parts
    where is_sum and ($again or part_id not in (select summed.input_hash from summed))
),

tables as (
    select
        part_id,
        unnest(table_ids) as table_id
    from parts
),

tests as (
    select
        input_hash,
        arg_max(statistic, tested_at) as statistic,
        arg_max(permuted, tested_at) as permuted
    from raw.tests
    where
        test = 'association'
        and day between (select min(first_day) from parts) and (select max(last_day) from parts)
        and input_hash in (select table_id from tables)
    group by all
),

statistics as (
    select
        part_id,
        sum(statistic) as statistic
    from tables
    inner join tests on tables.table_id = tests.input_hash
    group by all
),

draws as (
    select
        part_id,
        unnest(permuted) as statistic,
        generate_subscripts(permuted, 1) as draw
    from tables
    inner join tests on tables.table_id = tests.input_hash
),

sums as (
    select
        part_id,
        draw,
        sum(statistic::double) as statistic
    from draws
    group by all
),

permuted as (
    select
        part_id,
        list(statistic order by draw) as permuted
    from sums
    group by all
),

final as (
    select
        parts.study,
        parts.endpoint,
        parts.model,
        parts.arm,
        parts.prompt,
        parts.first_day as day,
        parts.part_id,
        statistics.statistic,
        permuted.permuted
    from parts
    inner join statistics using (part_id)
    inner join permuted using (part_id)
)

select * from final
order by study, endpoint, model, arm, prompt, day, part_id
