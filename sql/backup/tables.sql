-- what: the tables of the warehouse, views aside
-- grain: table_name
select schema_name || '.' || table_name as table_name
from duckdb_tables()
where database_name = current_database()
order by all
