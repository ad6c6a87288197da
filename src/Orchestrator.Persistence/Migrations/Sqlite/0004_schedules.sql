-- Documents that are submitted at times. next_at is the tick that comes next; who submits it holds the row until lease_until,
-- and the job's idempotency key names the tick, so that a tick makes one job whoever dies in between.
CREATE TABLE schedules (
    id          TEXT PRIMARY KEY,
    tenant      TEXT NOT NULL,
    name        TEXT NOT NULL,
    cron        TEXT NOT NULL,
    document    TEXT NOT NULL,
    created_by  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    next_at     INTEGER NOT NULL,
    lease_until INTEGER,
    last_tick   INTEGER,
    last_job    TEXT,
    last_error  TEXT,
    UNIQUE (tenant, name)
);

CREATE INDEX schedules_due ON schedules (next_at);

-- Addresses that are told of ended jobs. Secrets are derived from the server's own key and stand nowhere here.
CREATE TABLE webhooks (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    url        TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE INDEX webhooks_tenant ON webhooks (tenant);

-- The outbox: a row is made in the transaction that ends the job, so that no end is lost and none is told that was rolled back.
CREATE TABLE deliveries (
    id         TEXT PRIMARY KEY,           -- webhook, job and the job's version at its end
    webhook    TEXT NOT NULL,
    tenant     TEXT NOT NULL,
    job        TEXT NOT NULL,
    url        TEXT NOT NULL,
    payload    TEXT NOT NULL,
    state      TEXT NOT NULL,              -- pending, delivered, failed
    attempts   INTEGER NOT NULL,              -- also the fencing token of who delivers
    next_at    INTEGER NOT NULL,
    status     INTEGER,                       -- of the last answer
    error      TEXT,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER
);

CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'pending';
CREATE INDEX deliveries_webhook ON deliveries (webhook, created_at);
