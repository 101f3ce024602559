-- what: the marts that have other columns in the copy than in the warehouse
-- grain: table_name
select table_name
from information_schema.columns
where table_catalog in (current_database(), 'copy') and table_schema = 'mart'
group by table_name
having count(distinct table_catalog) = 2 and count(*) <> 2 * count(distinct column_name)
