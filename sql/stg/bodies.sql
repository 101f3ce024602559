-- what: each distinct body of a day, typed, for the token that is followed
-- grain: day, body_id, follow
-- new bodies
select * exclude (tokens, logprobs)
from parsed_bodies
