-- what: the bodies of one day, gone from the warehouse
delete from raw.bodies
where day = $day;
