-- what: what is archived, by day, and where: equal files have equal names
-- grain: day, name
select
    day,
    parse_filename(file) as name,
    list(distinct file order by file) as files,
    max(bodies) as bodies
from raw.archives
group by day, parse_filename(file)
order by day, name
