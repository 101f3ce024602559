-- what: how many bodies a file of the archive holds, and how many of them are not what their id says
select
    count(*) as bodies,
    count(*) filter (where body_id != md5(body) or day != $day) as damaged
from read_parquet($file)
