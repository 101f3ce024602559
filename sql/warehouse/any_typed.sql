-- what: whether any body was typed
select count(*) > 0 as is_any
from stg.bodies
