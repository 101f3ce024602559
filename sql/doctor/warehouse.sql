-- what: how much the warehouse holds, and how far it reaches in time
select
    count(*) as samples,
    count(distinct day) as days,
    max(requested_at) as last_at
from raw.calls
