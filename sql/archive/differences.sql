-- what: how many bodies of a day are not, byte for byte, in the file that is to hold them, or the other way round
with kept as (
    select
        day,
        body_id,
        body
    from raw.bodies
    where day = $day
),

archived as (
    select
        day,
        body_id,
        body
    from read_parquet($file)
)

select count(*) as n
from kept
full join archived
    on kept.day = archived.day and kept.body_id = archived.body_id and kept.body = archived.body
where kept.body_id is null or archived.body_id is null
