-- what: every sample with the id that its answer's headers have
-- grain: sample_id
select
    run_id,
    study,
    day,
    endpoint,
    model,
    arm,
    prompt,
    repeat,
    status,
    attempts,
    json_extract_string(headers, '$."x-request-id"') as call
from raw.calls
