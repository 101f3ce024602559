-- what: whether there is any table at all
select count(*) > 0 as is_any
from duckdb_tables()
where database_name = current_database()
