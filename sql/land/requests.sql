-- what: requests that were never sent before
insert into raw.requests by name
select distinct
    request_id,
    canonical as request
from request_ids as new
where not exists (
    from raw.requests as old
    where old.request_id = new.request_id
);
