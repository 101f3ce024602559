-- what: The tables of clusters against fingerprints that were not tested yet.
-- grain: table_id
with tables as (
    select * from mart.cluster_tables_by_day
),

tested as (
    select input_hash from raw.tests
    where test = 'association'
)

select distinct on (table_id)
    table_id,
    study,
    endpoint,
    model,
    arm,
    prompt,
    day,
    cells
from tables
where $again or table_id not in (select input_hash from tested)
