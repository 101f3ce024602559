-- what: What stands of the days from $first on: the latest decision of each.
-- grain: study, endpoint, model, arm, prompt, day
select * from raw.decisions
where study = $study and day >= $first
qualify row_number() over (
    partition by study, endpoint, model, arm, prompt, day order by decided_at desc
) = 1
