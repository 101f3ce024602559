-- what: samples that the warehouse does not have yet
-- grain: sample_id
insert into raw.calls by name
with lines as (
    select
        lines.*,
        bodies.body_id,
        ids.request_id,
        ids.model,
        coalesce(
            bodies.response_id,
            regexp_extract(lines.cut, '"id"\s*:\s*"([^"\\]*)"', 1)
        ) as response_id
    from spool_lines($files) as lines
    inner join distinct_bodies as bodies
        on
            lines.day = bodies.day
            and lines.request = bodies.request
            and lines.body is not distinct from bodies.body
            and lines.cut_at is not distinct from bodies.cut_at
            and lines.is_cut is not distinct from bodies.is_cut
    inner join request_ids as ids on bodies.request = ids.request
),

identified as (
    select
        *,
        left(
            sha256(
                concat_ws(
                    chr(31),
                    study,
                    endpoint,
                    model,
                    arm,
                    prompt,
                    day,
                    repeat,
                    strftime(requested_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'),
                    response_id
                )
            ),
            24
        ) as sample_id
    from lines
)

select
    sample_id,
    run_id,
    study,
    endpoint,
    model,
    arm,
    prompt,
    day,
    repeat,
    requested_at,
    follow,
    latency_s,
    attempts,
    status,
    error,
    request_id,
    cut,
    cut_at,
    body_id,
    headers
from identified as new
where not exists (
    from raw.calls as old
    where
        old.day in (select unnest($days))
        and old.sample_id = new.sample_id
);
