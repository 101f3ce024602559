-- what: each distinct request and body of a day, of the lines that are landing
-- grain: day, request, body, cut_at, is_cut
create or replace temp table distinct_bodies as
with final as (
    select distinct
        day,
        request,
        body,
        cut_at,
        is_cut
    from spool_lines($files)
),

objects as (
    select
        *,
        -- The members that were cut out leave a member behind, so that the commas around it stay right.
        if(is_cut, left(body, cut_at - 1) || '"":0' || substr(body, cut_at), body) as object
    from final
)

select
    * exclude (object),
    md5(body) as body_id,
    -- Null where the id was cut out; what was cut out of a deeper object, or of what is no JSON, is nobody's id.
    case
        when not json_valid(object) then ''
        when is_cut and json_exists(object, '/') then null
        else coalesce(json_extract_string(object, '$.id'), '')
    end as response_id
from objects;
