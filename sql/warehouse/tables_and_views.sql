-- what: every table and view of a database
-- grain: name
select
    table_schema || '.' || table_name as name,
    table_type = 'VIEW' as is_view
from information_schema.tables
where table_catalog = $catalog
