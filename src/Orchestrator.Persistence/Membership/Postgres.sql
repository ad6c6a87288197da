-- Cluster membership for Orleans' ADO.NET provider (Microsoft.Orleans.Clustering.AdoNet 10.4) on PostgreSQL.
--
-- The provider reads its statements from the table OrleansQuery by key, binds parameters by name and reads columns by
-- name; those names are its contract, the tables behind them are ours. Statements that change membership answer with one
-- integer: 1 where they took effect, 0 where the table's version had moved on. Each is a single statement, so the version
-- check, the raised version and the change of the silo's row stand or fall together, and a rival that waited for the
-- cluster's row finds its version outdated.

CREATE TABLE OrleansQuery (
    QueryKey  varchar(64) PRIMARY KEY,
    QueryText text        NOT NULL
);

CREATE TABLE orleans_cluster (
    deployment_id text    PRIMARY KEY,
    version       integer NOT NULL DEFAULT 0
);

CREATE TABLE orleans_silo (
    deployment_id   text        NOT NULL REFERENCES orleans_cluster ON DELETE CASCADE,
    address         text        NOT NULL,
    port            integer     NOT NULL,
    generation      integer     NOT NULL,
    silo_name       text        NOT NULL,
    host_name       text        NOT NULL,
    status          integer     NOT NULL,  -- Orleans.Runtime.SiloStatus: 3 is active, 6 dead
    proxy_port      integer     NOT NULL,  -- gateway; 0 for none
    suspect_times   text,
    start_time      timestamptz NOT NULL,
    i_am_alive_time timestamptz NOT NULL,
    PRIMARY KEY (deployment_id, address, port, generation)
);

-- One row even where the cluster has no silo yet: the provider takes the version from it.
CREATE VIEW orleans_membership AS
SELECT c.deployment_id, c.version AS "Version", s.address AS "Address", s.port AS "Port", s.generation AS "Generation",
       s.silo_name AS "SiloName", s.host_name AS "HostName", s.status AS "Status", s.proxy_port AS "ProxyPort",
       s.suspect_times AS "SuspectTimes", s.start_time AS "StartTime", s.i_am_alive_time AS "IAmAliveTime"
FROM orleans_cluster c LEFT JOIN orleans_silo s USING (deployment_id);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('InsertMembershipVersionKey', $$
    WITH added AS (
        INSERT INTO orleans_cluster (deployment_id) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*)::integer FROM added
$$),
('MembershipReadAllKey', $$
    SELECT * FROM orleans_membership WHERE deployment_id = @DeploymentId
$$),
('MembershipReadRowKey', $$
    SELECT c.version AS "Version", m."Address", m."Port", m."Generation", m."SiloName", m."HostName", m."Status", m."ProxyPort",
           m."SuspectTimes", m."StartTime", m."IAmAliveTime"
    FROM orleans_cluster c
    LEFT JOIN orleans_membership m
        ON m.deployment_id = c.deployment_id AND m."Address" = @Address AND m."Port" = @Port AND m."Generation" = @Generation
    WHERE c.deployment_id = @DeploymentId
$$),
('InsertMembershipKey', $$
    WITH moved AS (
        UPDATE orleans_cluster SET version = version + 1
        WHERE deployment_id = @DeploymentId AND version = @Version
          AND NOT EXISTS (
              SELECT FROM orleans_silo
              WHERE deployment_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING deployment_id),
    added AS (
        INSERT INTO orleans_silo (
            deployment_id, address, port, generation, silo_name, host_name, status, proxy_port, start_time, i_am_alive_time)
        SELECT deployment_id, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
        FROM moved
        RETURNING 1)
    SELECT count(*)::integer FROM added
$$),
('UpdateMembershipKey', $$
    WITH moved AS (
        UPDATE orleans_cluster SET version = version + 1
        WHERE deployment_id = @DeploymentId AND version = @Version
          AND EXISTS (
              SELECT FROM orleans_silo
              WHERE deployment_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING deployment_id),
    changed AS (
        UPDATE orleans_silo s
        SET status = @Status, suspect_times = @SuspectTimes, i_am_alive_time = @IAmAliveTime
        FROM moved
        WHERE s.deployment_id = moved.deployment_id AND s.address = @Address AND s.port = @Port AND s.generation = @Generation
        RETURNING 1)
    SELECT count(*)::integer FROM changed
$$),
('UpdateIAmAlivetimeKey', $$
    UPDATE orleans_silo SET i_am_alive_time = @IAmAliveTime
    WHERE deployment_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$$),
('GatewaysQueryKey', $$
    SELECT address AS "Address", proxy_port AS "ProxyPort", generation AS "Generation"
    FROM orleans_silo
    WHERE deployment_id = @DeploymentId AND status = @Status AND proxy_port > 0
$$),
('CleanupDefunctSiloEntriesKey', $$
    DELETE FROM orleans_silo WHERE deployment_id = @DeploymentId AND i_am_alive_time < @IAmAliveTime AND status <> 3
$$),
('DeleteMembershipTableEntriesKey', $$
    DELETE FROM orleans_cluster WHERE deployment_id = @DeploymentId
$$);
