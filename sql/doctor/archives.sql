-- what: where archived answers were written, the days in each file
-- grain: file
select distinct
    file,
    day
from raw.archives
order by day, file
