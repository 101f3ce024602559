-- what: the catalogue's answer patterns, filled in by Python
-- grain: study
create or replace temp table patterns (
    study varchar,
    answer_pattern varchar
)
