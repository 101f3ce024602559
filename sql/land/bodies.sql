-- what: bodies that their day does not have yet
insert into raw.bodies by name
select distinct
    day,
    body_id,
    body
from distinct_bodies as new
where
    body_id is not null
    and not exists (
        from raw.bodies as old
        where
            old.day in (select unnest($days))
            and old.day = new.day
            and old.body_id = new.body_id
    );
