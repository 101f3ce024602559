-- what: One row a run, as it landed last, with what became of it; withheld runs stand here too.
-- grain: run_id
-- whole
with runs as (
    select * from raw.runs
),

rejects as (
    select * from raw.rejects
),

run_days as (
    select * from mart.runs_by_day
),

quality as (
    select * from mart.quality_by_run
),

latest_runs as (
    select * from runs
    qualify row_number() over (partition by run_id order by landed_at desc) = 1
),

sample_counts as (
    select
        run_id,
        min(day) as first_day,
        max(day) as last_day,
        sum(samples)::bigint as samples,
        sum(failures)::bigint as failures,
        bool_or(is_simulated) as is_simulated
    from run_days
    group by all
),

reject_counts as (
    select
        run_id,
        count(*) as rejects
    from rejects
    group by all
),

withheld_runs as (
    select distinct run_id from quality
    where severity = 'critical' and not success
),

final as (
    select
        latest_runs.run_id,
        latest_runs.kind,
        latest_runs.study,
        latest_runs.day,
        sample_counts.first_day,
        sample_counts.last_day,
        latest_runs.state,
        latest_runs.reason,
        latest_runs.planned,
        latest_runs.attempted,
        coalesce(sample_counts.samples, 0) as samples,
        coalesce(sample_counts.failures, 0) as failures,
        latest_runs.started_at,
        latest_runs.ended_at,
        latest_runs.configuration,
        latest_runs.configuration_hash,
        latest_runs.revision,
        latest_runs.versions,
        latest_runs.source,
        coalesce(reject_counts.rejects, 0) as rejects,
        withheld_runs.run_id is not null as is_withheld,
        coalesce(sample_counts.is_simulated, false) as is_simulated
    from latest_runs
    left join sample_counts using (run_id)
    left join reject_counts using (run_id)
    left join withheld_runs using (run_id)
)

select * from final
