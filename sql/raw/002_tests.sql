-- what: what the core computed, kept by the hash of what went in, and what was decided of each day. Append-only.

create table raw.tests (
    input_hash varchar not null,
    study varchar not null,
    endpoint varchar not null,
    model varchar not null,
    arm varchar not null,
    prompt varchar not null,
    day date,
    test varchar not null,
    statistic double,
    p_value double,
    permutations bigint,
    -- The statistic of each permutation, where days are added up before they are compared.
    permuted float[],
    tested_at timestamptz not null
);

-- The latest decision of a series' day counts.
create table raw.decisions (
    study varchar not null,
    endpoint varchar not null,
    model varchar not null,
    arm varchar not null,
    prompt varchar not null,
    day date not null,
    request_id varchar not null,
    is_observed boolean not null,
    previous_day date,
    previous_hash varchar,
    previous_p_value double,
    baseline_first_day date,
    baseline_last_day date,
    baseline_days bigint not null,
    baseline_hash varchar,
    grid_step_nat double,
    p_value double,
    q_value double,
    is_alarm boolean not null,
    reason varchar,
    regime_first_day date not null,
    is_restless boolean not null,
    decided_at timestamptz not null
);
