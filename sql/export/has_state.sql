-- what: whether this copy says of which state of the warehouse it is
select count(*) > 0 as has_state
from duckdb_tables()
where database_name = current_database() and schema_name = 'main' and table_name = 'state'
