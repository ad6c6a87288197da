using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>Rows of shards and attempts.</summary>
internal static class ShardTable
{
    public static async Task<IReadOnlyList<ShardRow>> LedgerAsync(SqlSession session, JobId job, string phase, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            """
            SELECT idx, state, attempt, owner_silo, owner_worker, ready_at, failures, worker_deaths
            FROM shards WHERE job = @job AND phase = @phase ORDER BY idx
            """,
            static r => new ShardRow(
                r.GetInt32(0), Words.ShardStateOf(r.GetString(1)), r.GetInt32(2), r.TextOrNull(3), r.TextOrNull(4), r.TimeOrNull(5), r.GetInt32(6), r.GetInt32(7)),
            cancellationToken,
            ("@job", job.Value), ("@phase", phase)).ConfigureAwait(false);

    public static async Task<IReadOnlyList<ShardRecord>> ListAsync(
        SqlSession session, JobId job, string phase, ShardState? state, int fromIndex, int limit, CancellationToken cancellationToken)
    {
        var parameters = new List<(string, object?)> { ("@job", job.Value), ("@phase", phase), ("@from", fromIndex), ("@limit", limit) };
        var filter = "";
        if (state is { } s)
        {
            filter = "AND state = @state ";
            parameters.Add(("@state", Words.Of(s)));
        }

        return await session.QueryAsync(
            $"""
             SELECT idx, state, attempt, owner_worker, ready_at, failures, worker_deaths, payload, error, tally, updated_at
             FROM shards WHERE job = @job AND phase = @phase AND idx >= @from {filter}ORDER BY idx LIMIT @limit
             """,
            r => new ShardRecord(
                new ShardKey(job, phase, r.GetInt32(0)), Words.ShardStateOf(r.GetString(1)), r.GetInt32(2), r.TextOrNull(3), r.TimeOrNull(4),
                r.GetInt32(5), r.GetInt32(6), r.GetString(7), r.TextOrNull(8), r.TextOrNull(9) is { } tally ? StoredText.Tally(tally) : null, r.Time(10)),
            cancellationToken,
            [.. parameters]).ConfigureAwait(false);
    }

    public static async Task<IReadOnlyList<AttemptRecord>> AttemptsAsync(SqlSession session, ShardKey shard, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            """
            SELECT attempt, worker, silo, started_at, ended_at, outcome, error, digest
            FROM attempts WHERE job = @job AND phase = @phase AND idx = @idx ORDER BY attempt
            """,
            r => new AttemptRecord(
                shard, r.GetInt32(0), r.GetString(1), r.GetString(2), r.Time(3), r.TimeOrNull(4), r.TextOrNull(5), r.TextOrNull(6), r.TextOrNull(7)),
            cancellationToken,
            ("@job", shard.Job.Value), ("@phase", shard.Phase), ("@idx", shard.Index)).ConfigureAwait(false);

    public static async Task<IReadOnlyList<CommittedShard>> CommittedAsync(
        SqlSession session, JobId job, string phase, int fromIndex, int limit, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            """
            SELECT idx, attempt, manifest, digest
            FROM shards WHERE job = @job AND phase = @phase AND idx >= @from AND state = 'committed' ORDER BY idx LIMIT @limit
            """,
            static r => new CommittedShard(r.GetInt32(0), r.GetInt32(1), r.GetString(2), r.GetString(3)),
            cancellationToken,
            ("@job", job.Value), ("@phase", phase), ("@from", fromIndex), ("@limit", limit)).ConfigureAwait(false);

    /// <summary>Replaces a phase's shards; running attempts of the old ones end as cancelled.</summary>
    public static async Task ReplaceAsync(
        SqlSession session, JobId job, string phase, IReadOnlyList<ShardSpec> shards, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await DeleteAsync(session, job, phase, now, cancellationToken).ConfigureAwait(false);
        await session.Dialect.InsertShardsAsync(session, job, phase, shards, now, cancellationToken).ConfigureAwait(false);
        await PhaseTable.ResetAsync(session, job, phase, shards.Count, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes a phase's shards (not its history); running attempts end as cancelled.</summary>
    public static async Task DeleteAsync(SqlSession session, JobId job, string phase, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(
            "UPDATE attempts SET outcome = 'cancelled', ended_at = @now WHERE job = @job AND phase = @phase AND outcome IS NULL",
            cancellationToken,
            ("@now", session.Dialect.Time(now)), ("@job", job.Value), ("@phase", phase)).ConfigureAwait(false);
        await session.ExecuteAsync(
            "DELETE FROM shards WHERE job = @job AND phase = @phase", cancellationToken, ("@job", job.Value), ("@phase", phase)).ConfigureAwait(false);
    }

    /// <summary>Makes a phase's failed and quarantined shards pending, their counters at zero; with <paramref name="anew"/> all of them.</summary>
    public static async Task RetryAsync(SqlSession session, JobId job, string phase, bool anew, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var again = anew ? "('failed', 'quarantined', 'committed')" : "('failed', 'quarantined')";
        await session.ExecuteAsync(
            $"""
             UPDATE shards
             SET state = 'pending', failures = 0, worker_deaths = 0, reopened = 0, error = NULL, ready_at = NULL,
                 manifest = NULL, digest = NULL, tally = NULL, updated_at = @now
             WHERE job = @job AND phase = @phase AND state IN {again}
             """,
            cancellationToken,
            ("@now", session.Dialect.Time(now)), ("@job", job.Value), ("@phase", phase)).ConfigureAwait(false);
        await PhaseTable.RecountAsync(session, job, phase, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes a shard's output back, where it is still committed under that attempt: pending again, or failed where that has happened
    /// too often. Its new state; null where nothing was changed.
    /// </summary>
    public static async Task<ShardState?> ReopenAsync(
        SqlSession session, JobId job, string phase, SpoiltOutput shard, int maxReopened, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var found = await session.QueryAsync(
            "SELECT reopened FROM shards WHERE job = @job AND phase = @phase AND idx = @idx AND attempt = @attempt AND state = 'committed'",
            static r => r.GetInt32(0),
            cancellationToken,
            ("@job", job.Value), ("@phase", phase), ("@idx", shard.Index), ("@attempt", shard.Attempt)).ConfigureAwait(false);
        if (found.Count == 0)
        {
            return null;
        }

        var state = found[0] >= maxReopened ? ShardState.Failed : ShardState.Pending;
        await session.ExecuteAsync(
            """
            UPDATE shards
            SET state = @state, reopened = reopened + 1, manifest = NULL, digest = NULL, tally = NULL, error = @error, ready_at = NULL, updated_at = @now
            WHERE job = @job AND phase = @phase AND idx = @idx
            """,
            cancellationToken,
            ("@state", Words.Of(state)), ("@error", StoredText.Clean(shard.Problem)), ("@now", session.Dialect.Time(now)),
            ("@job", job.Value), ("@phase", phase), ("@idx", shard.Index)).ConfigureAwait(false);
        return state;
    }

    /// <summary>Takes every lease of a job away and returns them in order.</summary>
    public static async Task<IReadOnlyList<LeaseKey>> RevokeAsync(SqlSession session, JobId job, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var leases = await session.QueryAsync(
            "SELECT phase, idx, attempt FROM shards WHERE job = @job AND state = 'leased' ORDER BY phase, idx",
            r => new LeaseKey(new ShardKey(job, r.GetString(0), r.GetInt32(1)), r.GetInt32(2)),
            cancellationToken,
            ("@job", job.Value)).ConfigureAwait(false);
        if (leases.Count == 0)
        {
            return leases;
        }

        var at = session.Dialect.Time(now);
        await session.ExecuteAsync(
            "UPDATE attempts SET outcome = 'cancelled', ended_at = @now WHERE job = @job AND outcome IS NULL",
            cancellationToken, ("@now", at), ("@job", job.Value)).ConfigureAwait(false);
        await session.ExecuteAsync(
            """
            UPDATE shards
            SET state = 'pending', owner_silo = NULL, owner_worker = NULL, ready_at = NULL, updated_at = @now
            WHERE job = @job AND state = 'leased'
            """,
            cancellationToken, ("@now", at), ("@job", job.Value)).ConfigureAwait(false);
        await session.ExecuteAsync(
            "UPDATE phases SET pending = pending + leased, leased = 0 WHERE job = @job", cancellationToken, ("@job", job.Value)).ConfigureAwait(false);
        return leases;
    }
}
