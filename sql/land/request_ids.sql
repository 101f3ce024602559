-- what: the id of each distinct request text, filled in by Python, since canonical JSON cannot be said in SQL
-- grain: request
create or replace temp table request_ids (
    request varchar,
    request_id varchar,
    canonical varchar,
    model varchar
)
