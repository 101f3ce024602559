-- what: typed bodies that can be typed again, gone: those whose text is here
delete from stg.bodies as typed
where exists (
    from raw.bodies as bodies
    where
        bodies.day = typed.day
        and bodies.body_id = typed.body_id
);
