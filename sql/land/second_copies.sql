-- what: rows of one sample that landed twice at once, because their file holds a line twice; all but the first go
delete from raw.calls
where rowid in (
    select rowid
    from raw.calls
    where day in (select unnest($days))
    qualify row_number() over (partition by sample_id order by rowid) > 1
);
