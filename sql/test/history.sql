-- what: What was decided of the days before $first, as far as the next decisions depend on it: each series' last $most days.
-- grain: study, endpoint, model, arm, prompt, day
with requests as (
    select * from mart.requests_by_day
    where study = $study and day < $first and is_of_day
),

decisions as (
    select * from raw.decisions
    where study = $study and day < $first
    qualify row_number() over (
        partition by study, endpoint, model, arm, prompt, day order by decided_at desc
    ) = 1
),

final as (
    select
        decisions.*,
        requests.follow
    from decisions
    -- A day whose rows are withheld now, or whose last request is another, decides nothing any more.
    inner join requests using (study, endpoint, model, arm, prompt, day, request_id)
    where decisions.is_observed
    qualify row_number() over (
        partition by study, endpoint, model, arm, prompt order by day desc
    ) <= $most
)

select * from final
order by day
