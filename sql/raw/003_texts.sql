-- what: embeddings of completions, and each completion's own token list. stg is typed again from what is kept verbatim.

-- Append-only. A row without an embedding says, in the provider's words, why there is none.
create table raw.embeddings (
    completion_id varchar not null,
    endpoint varchar not null,
    embedding_model varchar not null,
    embedding float[],
    error varchar,
    embedded_at timestamptz not null
);

-- A list of one token is the body's first_token, and stands nowhere else.
create table stg.completions (
    completion_id varchar not null,
    tokens_id varchar not null,
    tokens varchar[] not null
);

drop table stg.bodies;

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
    ordering_id varchar,
    first_token varchar,
    tokens_id varchar
);

delete from stg.distributions;
