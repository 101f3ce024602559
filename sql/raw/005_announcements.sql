-- what: the changes that operators were told of, so that nobody is told twice. Append-only.

create table raw.announcements (
    study varchar not null,
    endpoint varchar not null,
    model varchar not null,
    arm varchar not null,
    prompt varchar not null,
    day date not null,
    event_id varchar not null,
    announced_at timestamptz not null
);
