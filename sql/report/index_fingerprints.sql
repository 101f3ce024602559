-- grain: one row
select count(*) > 0 as has_fingerprints
from mart.fingerprint_lifetimes
where system_fingerprint is not null
