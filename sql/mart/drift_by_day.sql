-- what: Each day against the previous day with data and against the baseline, and whether that is an alarm, with its reason.
-- grain: study, endpoint, model, arm, prompt, day
-- whole
with requests as (
    select * from mart.requests_by_day
    where is_of_day
),

decisions as (
    select * from raw.decisions
    qualify row_number() over (
        partition by study, endpoint, model, arm, prompt, day order by decided_at desc
    ) = 1
),

tests as (
    select
        input_hash,
        arg_max(statistic, tested_at) filter (where test = 'jaccard') as jaccard,
        arg_max(statistic, tested_at) filter (where test = 'js_bits') as js_bits,
        arg_max(statistic, tested_at) filter (where test = 'ks') as ks,
        arg_max(statistic, tested_at) filter (where test = 'wasserstein_pp') as wasserstein_pp,
        arg_max(statistic, tested_at) filter (where test = 'total_variation') as total_variation,
        arg_max(statistic, tested_at) filter (where test = 'lt_nat') as lt_nat
    from raw.tests
    group by all
),

final as (
    select
        requests.study,
        requests.endpoint,
        requests.model,
        requests.arm,
        requests.prompt,
        requests.day,
        requests.request_id,
        decisions.previous_day,
        previous.jaccard,
        previous.js_bits,
        previous.ks,
        previous.wasserstein_pp,
        previous.total_variation,
        previous.lt_nat,
        decisions.grid_step_nat,
        decisions.p_value,
        decisions.q_value,
        coalesce(decisions.is_alarm, false) as is_alarm,
        decisions.reason,
        decisions.regime_first_day,
        coalesce(decisions.is_restless, false) as is_restless,
        decisions.baseline_first_day,
        decisions.baseline_last_day,
        coalesce(decisions.baseline_days, 0) as baseline_days,
        baseline.jaccard as baseline_jaccard,
        baseline.js_bits as baseline_js_bits,
        baseline.ks as baseline_ks,
        baseline.wasserstein_pp as baseline_wasserstein_pp,
        baseline.total_variation as baseline_total_variation,
        baseline.lt_nat as baseline_lt_nat
    from requests
    left join decisions using (study, endpoint, model, arm, prompt, day, request_id)
    left join tests as previous on decisions.previous_hash = previous.input_hash
    left join tests as baseline on decisions.baseline_hash = baseline.input_hash
)

select * from final
