using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence.Sql;

namespace Orchestrator.Persistence.Sqlite;

/// <summary>Row by row with kept commands: SQLite runs in this process, so a statement costs microseconds and no round trip.</summary>
internal sealed class SqliteDialect : SqlDialect
{
    /// <summary>BEGIN IMMEDIATE has taken the only write lock there is.</summary>
    public override string ForUpdate => "";

    public override string SkipLocked => "";

    public override Task LockTenantAsync(SqlSession session, string tenant, CancellationToken cancellationToken) => Task.CompletedTask;

    public override object Time(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public override async Task InsertShardsAsync(
        SqlSession session, JobId job, string phase, IReadOnlyList<ShardSpec> shards, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var at = Time(now);
        foreach (var shard in shards)
        {
            await session.ExecuteAsync(
                """
                INSERT INTO shards (job, phase, idx, state, attempt, failures, worker_deaths, payload, updated_at)
                VALUES (@job, @phase, @idx, 'pending',
                    (SELECT coalesce(max(attempt), 0) FROM attempts WHERE job = @job AND phase = @phase AND idx = @idx), 0, 0, @payload, @now)
                """,
                cancellationToken,
                ("@job", job.Value), ("@phase", phase), ("@idx", shard.Index), ("@payload", shard.Payload), ("@now", at)).ConfigureAwait(false);
        }
    }

    public override async Task<ShardWorkspace> LoadAsync(
        SqlSession session, IReadOnlyList<ShardBatch> batches, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var keys = ShardKeys.Of(batches);
        var jobs = new Dictionary<JobId, JobState>();
        foreach (var job in keys.Jobs)
        {
            if (await session.FirstAsync(
                "SELECT state FROM jobs WHERE id = @id", static r => r.GetString(0), cancellationToken, ("@id", job.Value)).ConfigureAwait(false) is { } state)
            {
                jobs.Add(job, Words.JobStateOf(state));
            }
        }

        var cells = new Dictionary<ShardKey, ShardCell>(keys.Shards.Count);
        foreach (var (key, needsPayload) in keys.Shards)
        {
            var cell = await session.FirstAsync(
                needsPayload
                    ? "SELECT state, attempt, digest, failures, worker_deaths, payload FROM shards WHERE job = @job AND phase = @phase AND idx = @idx"
                    : "SELECT state, attempt, digest, failures, worker_deaths, '' FROM shards WHERE job = @job AND phase = @phase AND idx = @idx",
                r => new ShardCell(
                    key, Words.ShardStateOf(r.GetString(0)), r.GetInt32(1), r.GetString(5), r.TextOrNull(2), r.GetInt32(3), r.GetInt32(4)),
                cancellationToken,
                ("@job", key.Job.Value), ("@phase", key.Phase), ("@idx", key.Index)).ConfigureAwait(false);
            if (cell is not null)
            {
                cells.Add(key, cell);
            }
        }

        var tallies = new Dictionary<PhaseKey, string>();
        foreach (var phase in keys.CompletedPhases)
        {
            if (await PhaseTable.TallyAsync(session, phase, cancellationToken).ConfigureAwait(false) is { } tally)
            {
                tallies.Add(phase, tally);
            }
        }

        return new ShardWorkspace(jobs, cells, tallies, now);
    }

    public override async Task SaveAsync(SqlSession session, ShardWorkspace workspace, CancellationToken cancellationToken)
    {
        var now = Time(workspace.Now);
        foreach (var cell in workspace.Changed)
        {
            var written = await session.ExecuteAsync(
                """
                UPDATE shards
                SET state = @state, attempt = @attempt, owner_silo = @silo, owner_worker = @worker, ready_at = @ready, failures = @failures,
                    worker_deaths = @deaths, error = @error, manifest = @manifest, digest = @digest, tally = @tally, updated_at = @now
                WHERE job = @job AND phase = @phase AND idx = @idx AND state = @wasState AND attempt = @wasAttempt
                """,
                cancellationToken,
                ("@state", Words.Of(cell.State)), ("@attempt", cell.Attempt), ("@silo", cell.OwnerSilo), ("@worker", cell.OwnerWorker),
                ("@ready", Time(cell.ReadyAt)), ("@failures", cell.Failures), ("@deaths", cell.WorkerDeaths), ("@error", cell.Error),
                ("@manifest", cell.Manifest), ("@digest", cell.Digest), ("@tally", cell.Tally), ("@now", now),
                ("@job", cell.Key.Job.Value), ("@phase", cell.Key.Phase), ("@idx", cell.Key.Index),
                ("@wasState", Words.Of(cell.WasState)), ("@wasAttempt", cell.WasAttempt)).ConfigureAwait(false);
            SavedRows.Check(1, written, $"shard {cell.Key}");
        }

        foreach (var opened in workspace.Opened)
        {
            var shard = opened.Lease.Shard;
            await session.ExecuteAsync(
                """
                INSERT INTO attempts (job, phase, idx, attempt, worker, silo, started_at)
                VALUES (@job, @phase, @idx, @attempt, @worker, @silo, @now)
                """,
                cancellationToken,
                ("@job", shard.Job.Value), ("@phase", shard.Phase), ("@idx", shard.Index), ("@attempt", opened.Lease.Attempt),
                ("@worker", opened.Worker), ("@silo", opened.Silo), ("@now", now)).ConfigureAwait(false);
        }

        foreach (var closed in workspace.Closed)
        {
            var shard = closed.Lease.Shard;
            var written = await session.ExecuteAsync(
                """
                UPDATE attempts SET outcome = @outcome, error = @error, digest = @digest, ended_at = @now
                WHERE job = @job AND phase = @phase AND idx = @idx AND attempt = @attempt AND outcome IS NULL
                """,
                cancellationToken,
                ("@outcome", closed.Outcome), ("@error", closed.Error), ("@digest", closed.Digest), ("@now", now),
                ("@job", shard.Job.Value), ("@phase", shard.Phase), ("@idx", shard.Index), ("@attempt", closed.Lease.Attempt)).ConfigureAwait(false);
            SavedRows.Check(1, written, $"attempt {closed.Lease}");
        }

        foreach (var (phase, delta) in workspace.Phases)
        {
            await PhaseTable.AddAsync(session, phase, delta, workspace.TallyOf(phase), cancellationToken).ConfigureAwait(false);
        }
    }
}
