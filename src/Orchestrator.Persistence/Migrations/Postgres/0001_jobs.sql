-- Same tables and columns as on SQLite (../Sqlite/0001_jobs.sql), whose comments say what they are for; times are
-- timestamptz. JSON is kept as text because digests are taken over the exact bytes, which jsonb does not keep.
-- The fill factors leave room for HOT updates: no index covers a column that a lease or a commit changes.

CREATE TABLE jobs (
    ord             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id              text        NOT NULL UNIQUE,
    kind            text        NOT NULL,
    name            text        NOT NULL,
    tenant          text        NOT NULL,
    priority        integer     NOT NULL,
    state           text        NOT NULL,
    phase           text        NOT NULL,
    document        text        NOT NULL,
    document_hash   text        NOT NULL,
    output_key      text,
    required_models text        NOT NULL,
    model_phases    text        NOT NULL,
    error           text,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    started_at      timestamptz,
    ended_at        timestamptz,
    version         bigint      NOT NULL,
    last_event      bigint      NOT NULL
);

CREATE UNIQUE INDEX jobs_output ON jobs (output_key)
    WHERE output_key IS NOT NULL AND state NOT IN ('cancelled', 'succeeded', 'succeeded-with-failures', 'failed');

CREATE TABLE idempotency (
    tenant        text NOT NULL,
    key           text NOT NULL,
    job           text NOT NULL,
    document_hash text NOT NULL,
    PRIMARY KEY (tenant, key)
);

CREATE INDEX idempotency_job ON idempotency (job);

CREATE TABLE phases (
    job         text    NOT NULL,
    phase       text    NOT NULL,
    ord         integer NOT NULL,
    pending     integer NOT NULL,
    leased      integer NOT NULL,
    committed   integer NOT NULL,
    failed      integer NOT NULL,
    quarantined integer NOT NULL,
    tally       text    NOT NULL,
    PRIMARY KEY (job, phase)
) WITH (fillfactor = 20);

CREATE TABLE shards (
    job           text        NOT NULL,
    phase         text        NOT NULL,
    idx           integer     NOT NULL,
    state         text        NOT NULL,
    attempt       integer     NOT NULL,
    owner_silo    text,
    owner_worker  text,
    ready_at      timestamptz,
    failures      integer     NOT NULL,
    worker_deaths integer     NOT NULL,
    payload       text        NOT NULL,
    error         text,
    manifest      text,
    digest        text,
    tally         text,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (job, phase, idx)
) WITH (fillfactor = 60);

CREATE TABLE attempts (
    job        text        NOT NULL,
    phase      text        NOT NULL,
    idx        integer     NOT NULL,
    attempt    integer     NOT NULL,
    worker     text        NOT NULL,
    silo       text        NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    outcome    text,
    error      text,
    digest     text,
    PRIMARY KEY (job, phase, idx, attempt)
) WITH (fillfactor = 60);

CREATE TABLE events (
    job  text        NOT NULL,
    seq  bigint      NOT NULL,
    at   timestamptz NOT NULL,
    type text        NOT NULL,
    data text        NOT NULL,
    PRIMARY KEY (job, seq)
);
