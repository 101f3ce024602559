-- what: the columns of a table ($table), with their types
-- grain: name
select
    column_name as name,
    data_type as type
from duckdb_columns()
where database_name = current_database() and schema_name || '.' || table_name = $table
