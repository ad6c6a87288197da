-- Times are integers: milliseconds since 1970-01-01 UTC. States are the words that the REST surface shows.
-- There are no foreign keys: a shard row is written a few times a second by the hundred, and every statement that
-- touches child rows runs in the one transaction that also holds the job.

CREATE TABLE jobs (
    ord             INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of creation
    id              TEXT    NOT NULL UNIQUE,
    kind            TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    tenant          TEXT    NOT NULL,
    priority        INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    phase           TEXT    NOT NULL,
    document        TEXT    NOT NULL,
    document_hash   TEXT    NOT NULL,
    output_key      TEXT,
    required_models TEXT    NOT NULL,                   -- JSON array of strings
    model_phases    TEXT    NOT NULL,                   -- JSON array of strings
    error           TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    started_at      INTEGER,
    ended_at        INTEGER,
    version         INTEGER NOT NULL,
    last_event      INTEGER NOT NULL                    -- sequence number of the newest event
);

-- One writer per output: the claim is the row itself and ends with the job.
CREATE UNIQUE INDEX jobs_output ON jobs (output_key)
    WHERE output_key IS NOT NULL AND state NOT IN ('cancelled', 'succeeded', 'succeeded-with-failures', 'failed');

CREATE TABLE idempotency (
    tenant        TEXT NOT NULL,
    key           TEXT NOT NULL,
    job           TEXT NOT NULL,
    document_hash TEXT NOT NULL,
    PRIMARY KEY (tenant, key)
) WITHOUT ROWID;

CREATE INDEX idempotency_job ON idempotency (job);

-- Counts and summed tally of a phase, kept in the transaction that moves its shards, so that counting never scans them.
CREATE TABLE phases (
    job         TEXT    NOT NULL,
    phase       TEXT    NOT NULL,
    ord         INTEGER NOT NULL,                       -- order of the phase's first start within the job
    pending     INTEGER NOT NULL,
    leased      INTEGER NOT NULL,
    committed   INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    tally       TEXT    NOT NULL,                       -- JSON object of integers
    PRIMARY KEY (job, phase)
) WITHOUT ROWID;

CREATE TABLE shards (
    job           TEXT    NOT NULL,
    phase         TEXT    NOT NULL,
    idx           INTEGER NOT NULL,
    state         TEXT    NOT NULL,
    attempt       INTEGER NOT NULL,                     -- newest attempt ever granted; 0 before the first
    owner_silo    TEXT,
    owner_worker  TEXT,
    ready_at      INTEGER,
    failures      INTEGER NOT NULL,
    worker_deaths INTEGER NOT NULL,
    payload       TEXT    NOT NULL,
    error         TEXT,
    manifest      TEXT,
    digest        TEXT,
    tally         TEXT,
    updated_at    INTEGER NOT NULL,
    PRIMARY KEY (job, phase, idx)
);

-- Append-only: a row is made by a grant, closed once, and outlives its shard until the job is deleted.
CREATE TABLE attempts (
    job        TEXT    NOT NULL,
    phase      TEXT    NOT NULL,
    idx        INTEGER NOT NULL,
    attempt    INTEGER NOT NULL,
    worker     TEXT    NOT NULL,
    silo       TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    outcome    TEXT,
    error      TEXT,
    digest     TEXT,
    PRIMARY KEY (job, phase, idx, attempt)
) WITHOUT ROWID;

CREATE TABLE events (
    job  TEXT    NOT NULL,
    seq  INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    type TEXT    NOT NULL,
    data TEXT    NOT NULL,
    PRIMARY KEY (job, seq)
) WITHOUT ROWID;
