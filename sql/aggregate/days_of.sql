-- what: all days of some studies ($studies) and some runs ($runs)
-- grain: day
select day from mart.calls_by_day
where study in (select unnest($studies::varchar[]))
union
select day from mart.runs_by_day
where run_id in (select unnest($runs::varchar[]))
