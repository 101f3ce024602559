-- what: of which state of the warehouse ($state) a copy is
-- grain: state
create or replace table copy.state as
select $state::bigint as state
