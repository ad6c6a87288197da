using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>Counts and tallies of phases.</summary>
internal static class PhaseTable
{
    public static async Task<IReadOnlyList<PhaseCounts>> ReadAsync(SqlSession session, JobId job, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            "SELECT phase, pending, leased, committed, failed, quarantined, tally FROM phases WHERE job = @job ORDER BY ord",
            static r => new PhaseCounts(
                r.GetString(0), r.GetInt32(1), r.GetInt32(2), r.GetInt32(3), r.GetInt32(4), r.GetInt32(5), StoredText.Tally(r.GetString(6))),
            cancellationToken,
            ("@job", job.Value)).ConfigureAwait(false);

    /// <summary>Sets a phase to so many pending shards, keeping its place where it was started before.</summary>
    public static Task ResetAsync(SqlSession session, JobId job, string phase, int pending, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            """
            INSERT INTO phases (job, phase, ord, pending, leased, committed, failed, quarantined, tally)
            VALUES (@job, @phase, (SELECT coalesce(max(ord), 0) + 1 FROM phases WHERE job = @job), @pending, 0, 0, 0, 0, '{}')
            ON CONFLICT (job, phase) DO UPDATE
            SET pending = excluded.pending, leased = 0, committed = 0, failed = 0, quarantined = 0, tally = '{}'
            """,
            cancellationToken,
            ("@job", job.Value), ("@phase", phase), ("@pending", pending));

    public static Task DeleteAsync(SqlSession session, JobId job, string phase, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            "DELETE FROM phases WHERE job = @job AND phase = @phase", cancellationToken, ("@job", job.Value), ("@phase", phase));

    /// <summary>Counts a phase's shards and sums their tallies anew, where something was taken out of them.</summary>
    public static async Task RecountAsync(SqlSession session, JobId job, string phase, CancellationToken cancellationToken)
    {
        var delta = new PhaseDelta();
        foreach (var (state, tally) in await session.QueryAsync(
            "SELECT state, tally FROM shards WHERE job = @job AND phase = @phase ORDER BY idx",
            static r => (State: Words.ShardStateOf(r.GetString(0)), Tally: r.TextOrNull(1)),
            cancellationToken,
            ("@job", job.Value), ("@phase", phase)).ConfigureAwait(false))
        {
            delta.Count(state);
            if (state == ShardState.Committed && tally is not null)
            {
                delta.Add(StoredText.Tally(tally));
            }
        }

        await session.ExecuteAsync(
            """
            UPDATE phases
            SET pending = @pending, leased = @leased, committed = @committed, failed = @failed, quarantined = @quarantined, tally = @tally
            WHERE job = @job AND phase = @phase
            """,
            cancellationToken,
            ("@job", job.Value), ("@phase", phase),
            ("@pending", delta[ShardState.Pending]), ("@leased", delta[ShardState.Leased]), ("@committed", delta[ShardState.Committed]),
            ("@failed", delta[ShardState.Failed]), ("@quarantined", delta[ShardState.Quarantined]), ("@tally", StoredText.Of(delta.Tally))).ConfigureAwait(false);
    }

    /// <summary>The stored tally; null where the phase is not there.</summary>
    public static Task<string?> TallyAsync(SqlSession session, PhaseKey phase, CancellationToken cancellationToken) =>
        session.FirstAsync(
            "SELECT tally FROM phases WHERE job = @job AND phase = @phase",
            static r => r.GetString(0),
            cancellationToken,
            ("@job", phase.Job.Value), ("@phase", phase.Phase));

    /// <summary>Adds a transaction's changes.</summary>
    /// <param name="tally">Replaces the tally; null leaves it.</param>
    public static Task AddAsync(SqlSession session, PhaseKey phase, PhaseDelta delta, string? tally, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            """
            UPDATE phases
            SET pending = pending + @pending, leased = leased + @leased, committed = committed + @committed,
                failed = failed + @failed, quarantined = quarantined + @quarantined, tally = coalesce(@tally, tally)
            WHERE job = @job AND phase = @phase
            """,
            cancellationToken,
            ("@job", phase.Job.Value), ("@phase", phase.Phase),
            ("@pending", delta[ShardState.Pending]), ("@leased", delta[ShardState.Leased]), ("@committed", delta[ShardState.Committed]),
            ("@failed", delta[ShardState.Failed]), ("@quarantined", delta[ShardState.Quarantined]), ("@tally", tally));
}
