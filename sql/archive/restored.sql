-- what: the bodies of a file of the archive that the warehouse does not have
insert into raw.bodies by name
select
    archived.day,
    archived.body_id,
    archived.body
from read_parquet($file) as archived
where
    not exists (
        from raw.bodies as old
        where
            old.day = $day
            and old.body_id = archived.body_id
    );
