-- what: the newest migration applied
select max(version) from raw.migrations
