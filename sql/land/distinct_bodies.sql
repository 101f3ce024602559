-- what: each distinct request and body of a day, of the lines that are landing
-- grain: day, request, body
create or replace temp table distinct_bodies as
with final as (
    select distinct
        day,
        request,
        body
    from spool_lines($files)
)

select
    *,
    md5(body) as body_id,
    -- An id that was not cut out belongs to the whole body.
    if(json_valid(body), json_extract_string(body, '$.id'), null) as response_id
from final;
