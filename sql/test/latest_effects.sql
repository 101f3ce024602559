-- what: What went in when the effects of hour and weekday were asked last, by series.
-- grain: study, endpoint, model, arm, prompt
select arg_max(input_hash, tested_at) as input_hash
from raw.tests
where test = 'hour days'
group by study, endpoint, model, arm, prompt
