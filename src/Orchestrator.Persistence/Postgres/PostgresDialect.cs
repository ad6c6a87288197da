using Npgsql;
using NpgsqlTypes;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence.Sql;

namespace Orchestrator.Persistence.Postgres;

/// <summary>
/// Sets instead of rows: a group of batches costs one round trip to lock and read, one to write, however many shards are
/// in it. Arrays go in as parameters and become rows by <c>unnest</c>.
/// </summary>
internal sealed class PostgresDialect : SqlDialect
{
    public override string ForUpdate => " FOR NO KEY UPDATE";

    public override string SkipLocked => " FOR UPDATE SKIP LOCKED";

    public override Task LockTenantAsync(SqlSession session, string tenant, CancellationToken cancellationToken) =>
        session.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended(@tenant, 0))", cancellationToken, ("@tenant", tenant));

    public override object Time(DateTimeOffset time) => time.UtcDateTime;

    public override Task InsertShardsAsync(
        SqlSession session, JobId job, string phase, IReadOnlyList<ShardSpec> shards, DateTimeOffset now, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            """
            INSERT INTO shards (job, phase, idx, state, attempt, failures, worker_deaths, payload, updated_at)
            SELECT @job, @phase, s.idx, 'pending', coalesce(h.attempt, 0), 0, 0, s.payload, @now
            FROM unnest(@idx, @payload) AS s (idx, payload)
            LEFT JOIN (SELECT idx, max(attempt) AS attempt FROM attempts WHERE job = @job AND phase = @phase GROUP BY idx) h USING (idx)
            """,
            cancellationToken,
            ("@job", job.Value), ("@phase", phase), ("@now", Time(now)),
            ("@idx", shards.Select(static s => s.Index).ToArray()), ("@payload", shards.Select(static s => s.Payload).ToArray()));

    public override async Task<ShardWorkspace> LoadAsync(
        SqlSession session, IReadOnlyList<ShardBatch> batches, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var keys = ShardKeys.Of(batches);
        var wanted = keys.Shards.ToArray();
        var phases = keys.CompletedPhases.ToArray();

        // The first statement waits for the jobs' locks; the others begin after it and so see what the last holder wrote.
        await using var batch = new NpgsqlBatch((NpgsqlConnection)session.Connection);
        Add(batch, "SELECT id, state FROM jobs WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE", Text(keys.Jobs.Select(static j => j.Value)));
        Add(
            batch,
            """
            SELECT k.ord, s.state, s.attempt, s.digest, s.failures, s.worker_deaths, CASE WHEN k.needs_payload THEN s.payload ELSE '' END
            FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS k (job, phase, idx, needs_payload, ord)
            JOIN shards s ON s.job = k.job AND s.phase = k.phase AND s.idx = k.idx
            """,
            Text(wanted.Select(static k => k.Key.Job.Value)), Text(wanted.Select(static k => k.Key.Phase)),
            Int(wanted.Select(static k => k.Key.Index)), Array(NpgsqlDbType.Boolean, wanted.Select(static k => k.Value)));
        Add(
            batch,
            "SELECT p.job, p.phase, p.tally FROM unnest($1, $2) AS k (job, phase) JOIN phases p ON p.job = k.job AND p.phase = k.phase",
            Text(phases.Select(static p => p.Job.Value)), Text(phases.Select(static p => p.Phase)));

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var jobs = new Dictionary<JobId, JobState>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            jobs.Add(reader.Job(0), Words.JobStateOf(reader.GetString(1)));
        }

        await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
        var cells = new Dictionary<ShardKey, ShardCell>(wanted.Length);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var key = wanted[reader.GetInt64(0) - 1].Key;
            cells.Add(key, new ShardCell(
                key, Words.ShardStateOf(reader.GetString(1)), reader.GetInt32(2), reader.GetString(6), reader.TextOrNull(3), reader.GetInt32(4), reader.GetInt32(5)));
        }

        await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
        var tallies = new Dictionary<PhaseKey, string>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            tallies.Add(new PhaseKey(reader.Job(0), reader.GetString(1)), reader.GetString(2));
        }

        return new ShardWorkspace(jobs, cells, tallies, now);
    }

    public override async Task SaveAsync(SqlSession session, ShardWorkspace workspace, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch((NpgsqlConnection)session.Connection);
        var expected = new List<(int Rows, string What)>();
        AddShards(batch, expected, workspace);
        AddOpened(batch, expected, workspace);
        AddClosed(batch, expected, workspace);
        AddPhases(batch, expected, workspace);
        if (expected.Count == 0)
        {
            return;
        }

        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < expected.Count; i++)
        {
            SavedRows.Check(expected[i].Rows, batch.BatchCommands[i].RecordsAffected, expected[i].What);
        }
    }

    private static void AddShards(NpgsqlBatch batch, List<(int, string)> expected, ShardWorkspace workspace)
    {
        var cells = workspace.Changed.ToArray();
        if (cells.Length == 0)
        {
            return;
        }

        expected.Add((cells.Length, "shards"));
        Add(
            batch,
            """
            UPDATE shards s
            SET state = u.state, attempt = u.attempt, owner_silo = u.silo, owner_worker = u.worker, ready_at = u.ready, failures = u.failures,
                worker_deaths = u.deaths, error = u.error, manifest = u.manifest, digest = u.digest, tally = u.tally, updated_at = $17
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) AS u (
                job, phase, idx, was_state, was_attempt, state, attempt, silo, worker, ready, failures, deaths, error, manifest, digest, tally)
            WHERE s.job = u.job AND s.phase = u.phase AND s.idx = u.idx AND s.state = u.was_state AND s.attempt = u.was_attempt
            """,
            Text(cells.Select(static c => c.Key.Job.Value)), Text(cells.Select(static c => c.Key.Phase)), Int(cells.Select(static c => c.Key.Index)),
            Text(cells.Select(static c => Words.Of(c.WasState))), Int(cells.Select(static c => c.WasAttempt)),
            Text(cells.Select(static c => Words.Of(c.State))), Int(cells.Select(static c => c.Attempt)),
            Text(cells.Select(static c => c.OwnerSilo)), Text(cells.Select(static c => c.OwnerWorker)),
            Array(NpgsqlDbType.TimestampTz, cells.Select(static c => c.ReadyAt?.UtcDateTime)),
            Int(cells.Select(static c => c.Failures)), Int(cells.Select(static c => c.WorkerDeaths)), Text(cells.Select(static c => c.Error)),
            Text(cells.Select(static c => c.Manifest)), Text(cells.Select(static c => c.Digest)), Text(cells.Select(static c => c.Tally)),
            At(workspace.Now));
    }

    private static void AddOpened(NpgsqlBatch batch, List<(int, string)> expected, ShardWorkspace workspace)
    {
        var opened = workspace.Opened;
        if (opened.Count == 0)
        {
            return;
        }

        expected.Add((opened.Count, "new attempts"));
        Add(
            batch,
            """
            INSERT INTO attempts (job, phase, idx, attempt, worker, silo, started_at)
            SELECT u.*, $7 FROM unnest($1, $2, $3, $4, $5, $6) AS u
            """,
            Text(opened.Select(static o => o.Lease.Shard.Job.Value)), Text(opened.Select(static o => o.Lease.Shard.Phase)),
            Int(opened.Select(static o => o.Lease.Shard.Index)), Int(opened.Select(static o => o.Lease.Attempt)),
            Text(opened.Select(static o => o.Worker)), Text(opened.Select(static o => o.Silo)), At(workspace.Now));
    }

    private static void AddClosed(NpgsqlBatch batch, List<(int, string)> expected, ShardWorkspace workspace)
    {
        var closed = workspace.Closed;
        if (closed.Count == 0)
        {
            return;
        }

        expected.Add((closed.Count, "ended attempts"));
        Add(
            batch,
            """
            UPDATE attempts a
            SET outcome = u.outcome, error = u.error, digest = u.digest, ended_at = $8
            FROM unnest($1, $2, $3, $4, $5, $6, $7) AS u (job, phase, idx, attempt, outcome, error, digest)
            WHERE a.job = u.job AND a.phase = u.phase AND a.idx = u.idx AND a.attempt = u.attempt AND a.outcome IS NULL
            """,
            Text(closed.Select(static c => c.Lease.Shard.Job.Value)), Text(closed.Select(static c => c.Lease.Shard.Phase)),
            Int(closed.Select(static c => c.Lease.Shard.Index)), Int(closed.Select(static c => c.Lease.Attempt)),
            Text(closed.Select(static c => c.Outcome)), Text(closed.Select(static c => c.Error)), Text(closed.Select(static c => c.Digest)),
            At(workspace.Now));
    }

    private static void AddPhases(NpgsqlBatch batch, List<(int, string)> expected, ShardWorkspace workspace)
    {
        var phases = workspace.Phases.ToArray();
        if (phases.Length == 0)
        {
            return;
        }

        expected.Add((phases.Length, "phases"));
        Add(
            batch,
            """
            UPDATE phases p
            SET pending = p.pending + u.pending, leased = p.leased + u.leased, committed = p.committed + u.committed,
                failed = p.failed + u.failed, quarantined = p.quarantined + u.quarantined, tally = coalesce(u.tally, p.tally)
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS u (job, phase, pending, leased, committed, failed, quarantined, tally)
            WHERE p.job = u.job AND p.phase = u.phase
            """,
            Text(phases.Select(static p => p.Key.Job.Value)), Text(phases.Select(static p => p.Key.Phase)),
            Int(phases.Select(static p => p.Value[ShardState.Pending])), Int(phases.Select(static p => p.Value[ShardState.Leased])),
            Int(phases.Select(static p => p.Value[ShardState.Committed])), Int(phases.Select(static p => p.Value[ShardState.Failed])),
            Int(phases.Select(static p => p.Value[ShardState.Quarantined])), Text(phases.Select(p => workspace.TallyOf(p.Key))));
    }

    private static void Add(NpgsqlBatch batch, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(parameters);
        batch.BatchCommands.Add(command);
    }

    private static NpgsqlParameter Text(IEnumerable<string?> values) => Array(NpgsqlDbType.Text, values);

    private static NpgsqlParameter Int(IEnumerable<int> values) => Array(NpgsqlDbType.Integer, values);

    private static NpgsqlParameter Array<T>(NpgsqlDbType type, IEnumerable<T> values) =>
        new() { NpgsqlDbType = NpgsqlDbType.Array | type, Value = values.ToArray() };

    private static NpgsqlParameter At(DateTimeOffset time) => new() { NpgsqlDbType = NpgsqlDbType.TimestampTz, Value = time.UtcDateTime };
}
