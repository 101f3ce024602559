-- what: the days on which a run of this study, so configured, is complete
-- grain: day
select distinct day
from mart.runs
where
    study = $study
    and configuration_hash = $configuration_hash
    and state = 'complete'
