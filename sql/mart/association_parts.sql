-- what: What a series' test of association adds up: the tables of its newest month, and of each month before one sum.
-- grain: study, endpoint, model, arm, prompt, threshold_pp, part_id
-- whole
with tables as (
    select * from mart.cluster_tables_by_day
),

dated as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        threshold_pp,
        day,
        table_id,
        date_trunc('month', day)::date as month,
        date_trunc('month', max(day) over (partition by study, endpoint, model, arm, prompt))::date as newest_month
    from tables
),

months as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        threshold_pp,
        month as first_day,
        max(day) as last_day,
        true as is_sum,
        -- A month of which one table is another is another sum.
        md5(string_agg(table_id, '' order by day)) as part_id,
        list(table_id order by day) as table_ids
    from dated
    where month < newest_month
    group by all
),

days as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        threshold_pp,
        day as first_day,
        day as last_day,
        false as is_sum,
        table_id as part_id,
        [table_id] as table_ids
    from dated
    where month = newest_month
),

final as (
    select * from months
    union all by name
    select * from days
)

select * from final
