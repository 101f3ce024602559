-- what: each distinct body of a day, typed, for the token that is followed
-- grain: day, body_id, follow
-- new bodies
select * exclude (tokens, logprobs, text_tokens)
from parsed_bodies
