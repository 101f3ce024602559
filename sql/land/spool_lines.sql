-- what: the lines of recordings, with what differs from call to call cut out of each body
-- The cut is the members "id" and "created" where they stand side by side, as providers send them. Whatever the body is, putting
-- the cut back at its place gives it again, byte for byte; a body without such members is not cut. The comma behind them stays, so
-- that what is left of a body is never the same as a body that was not cut.
create or replace temp macro spool_lines(files) as table
with lines as (
    select
        *,
        regexp_extract(
            response,
            '("id"\s*:\s*"[^"\\]*"\s*,(?:\s*"object"\s*:\s*"[^"\\]*"\s*,)?\s*"created"\s*:\s*[0-9]+'
            || '|"created"\s*:\s*[0-9]+\s*,\s*"id"\s*:\s*"[^"\\]*")\s*,',
            1
        ) as cut
    from
        read_json(
            files,
            format = 'newline_delimited',
            maximum_object_size = 16777216,
            columns = {
                study: 'varchar',
                endpoint: 'varchar',
                arm: 'varchar',
                prompt: 'varchar',
                day: 'date',
                repeat: 'bigint',
                requested_at: 'timestamptz',
                follow: 'varchar',
                latency_s: 'double',
                attempts: 'bigint',
                status: 'bigint',
                request: 'varchar',
                response: 'varchar',
                headers: 'varchar',
                error: 'varchar',
                run_id: 'varchar'
            }
        )
),

located as (
    select
        *,
        instr(response, cut) as cut_at
    from lines
)

select
    *,
    cut != '' as is_cut,
    left(response, cut_at - 1) || substr(response, cut_at + length(cut)) as body
from located;
