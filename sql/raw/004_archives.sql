-- what: where the bodies of old days are kept outside the warehouse. Append-only: bodies that come back leave their row here.

create table raw.archives (
    day date not null,
    file varchar not null,
    bodies bigint not null,
    body_bytes bigint not null,
    archived_at timestamptz not null
);
