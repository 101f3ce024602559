-- what: how much the warehouse holds, in which format, and how far it reaches in time
select
    count(*) as samples,
    count(distinct day) as days,
    max(requested_at) as last_at,
    (select max(version) from raw.migrations) as format
from raw.calls
