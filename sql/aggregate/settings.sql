-- what: what a study's counts hang on beside its samples, as the marts have it
-- grain: study
select
    study,
    list(threshold_pp order by threshold_pp) as thresholds_pp,
    any_value(answer_pattern) as answer_pattern,
    any_value(embedding_model) as embedding_model
from mart.thresholds_by_study
inner join mart.text_settings_by_study using (study)
group by study
