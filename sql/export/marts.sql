-- what: the marts, tables and views
-- grain: table_name
select table_name
from information_schema.tables
where table_catalog = current_database() and table_schema = 'mart'
order by table_name
