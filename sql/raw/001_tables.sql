-- what: the first tables. Verbatim and append-only; no keys or indexes, so that the same SQL runs on DuckLake.

create schema raw;
create schema stg;
create schema mart;

create table raw.migrations (
    version integer not null,
    name varchar not null,
    applied_at timestamptz not null
);

create table raw.runs (
    run_id varchar not null,
    kind varchar not null,
    study varchar not null,
    day date,
    state varchar not null,
    reason varchar,
    planned bigint,
    attempted bigint,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    configuration varchar using compression zstd,
    configuration_hash varchar,
    revision varchar,
    versions varchar,
    source varchar,
    landed_at timestamptz not null
);

create table raw.requests (
    request_id varchar not null,
    request varchar not null using compression zstd
);

-- A response body is kept in two parts: what differs from call to call (its id and creation time) is cut out and stays with the
-- call; what is left, the body, is stored once a day. raw.responses puts the cut back, byte for byte.
create table raw.calls (
    sample_id varchar not null,
    run_id varchar not null,
    study varchar not null,
    endpoint varchar not null,
    model varchar not null,
    arm varchar not null,
    prompt varchar not null,
    day date not null,
    repeat bigint not null,
    requested_at timestamptz not null,
    follow varchar,
    latency_s double,
    attempts bigint,
    status bigint not null,
    error varchar,
    request_id varchar not null,
    cut varchar using compression zstd,
    cut_at bigint,
    body_id varchar,
    headers varchar using compression zstd
);

create table raw.bodies (
    day date not null,
    body_id varchar not null,
    body varchar not null using compression zstd
);

create view raw.responses as
select
    calls.sample_id,
    calls.run_id,
    calls.study,
    calls.endpoint,
    calls.model,
    calls.arm,
    calls.prompt,
    calls.day,
    calls.repeat,
    calls.requested_at,
    calls.follow,
    calls.latency_s,
    calls.attempts,
    calls.status,
    calls.error,
    calls.request_id,
    left(bodies.body, calls.cut_at - 1) || calls.cut || substr(bodies.body, calls.cut_at) as response,
    calls.headers
from raw.calls as calls
left join raw.bodies as bodies
    on calls.day = bodies.day and calls.body_id = bodies.body_id;

create table raw.rejects (
    run_id varchar not null,
    file varchar not null,
    line bigint not null,
    reason varchar not null,
    text varchar using compression zstd,
    rejected_at timestamptz not null
);

create table raw.expectations (
    run_id varchar not null,
    expectation varchar not null,
    severity varchar not null,
    applicable boolean not null,
    success boolean,
    observed varchar,
    unexpected_count bigint,
    judged_at timestamptz not null
);

create table stg.distributions (
    ordering_id varchar not null,
    distribution_id varchar not null,
    tokens varchar[] not null,
    logprobs double[] not null,
    list_length bigint not null,
    is_sorted boolean not null,
    probability_sum double
);

create table stg.bodies (
    day date not null,
    body_id varchar not null,
    follow varchar,
    is_json boolean not null,
    has_choice boolean not null,
    response_id varchar,
    served_model varchar,
    system_fingerprint varchar,
    service_tier varchar,
    finish_reason varchar,
    text varchar using compression zstd,
    prompt_tokens bigint,
    completion_tokens bigint,
    token varchar,
    logprob double,
    distribution_id varchar,
    ordering_id varchar
);
