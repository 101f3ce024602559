-- what: what went in when the effects of arms on distances were asked last
-- grain: study, endpoint, model, arm, prompt, test
select
    study,
    endpoint,
    model,
    arm,
    prompt,
    test,
    arg_max(input_hash, tested_at) as input_hash
from raw.tests
where starts_with(test, 'distance effect: ')
group by all
