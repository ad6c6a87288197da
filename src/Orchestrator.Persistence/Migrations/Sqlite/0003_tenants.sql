-- Time that a tenant's shards held slots, by the minute in which their leases ended; what quotas of device time are judged by.
CREATE TABLE slot_usage (
    tenant       TEXT NOT NULL,
    minute       INTEGER NOT NULL,  -- minutes since 1970-01-01 UTC
    milliseconds INTEGER NOT NULL,
    PRIMARY KEY (tenant, minute)
);
