-- Documents that are submitted at times. next_at is the tick that comes next; who submits it holds the row until lease_until,
-- and the job's idempotency key names the tick, so that a tick makes one job whoever dies in between.
CREATE TABLE schedules (
    id          text PRIMARY KEY,
    tenant      text NOT NULL,
    name        text NOT NULL,
    cron        text NOT NULL,
    document    text NOT NULL,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL,
    next_at     timestamptz NOT NULL,
    lease_until timestamptz,
    last_tick   timestamptz,
    last_job    text,
    last_error  text,
    UNIQUE (tenant, name)
);

CREATE INDEX schedules_due ON schedules (next_at);

-- Addresses that are told of ended jobs. Secrets are derived from the server's own key and stand nowhere here.
CREATE TABLE webhooks (
    id         text PRIMARY KEY,
    tenant     text NOT NULL,
    url        text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE INDEX webhooks_tenant ON webhooks (tenant);

-- The outbox: a row is made in the transaction that ends the job, so that no end is lost and none is told that was rolled back.
CREATE TABLE deliveries (
    id         text PRIMARY KEY,           -- webhook, job and the job's version at its end
    webhook    text NOT NULL,
    tenant     text NOT NULL,
    job        text NOT NULL,
    url        text NOT NULL,
    payload    text NOT NULL,
    state      text NOT NULL,              -- pending, delivered, failed
    attempts   integer NOT NULL,              -- also the fencing token of who delivers
    next_at    timestamptz NOT NULL,
    status     integer,                       -- of the last answer
    error      text,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz
);

CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'pending';
CREATE INDEX deliveries_webhook ON deliveries (webhook, created_at);
