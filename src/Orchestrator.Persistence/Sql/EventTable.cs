using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>Events of a job, numbered under the lock of the job's row and therefore without gaps.</summary>
internal static class EventTable
{
    /// <summary>Adds events after <paramref name="last"/> and returns the new last number; the caller stores it in the job's row.</summary>
    public static async Task<long> InsertAsync(
        SqlSession session, JobId job, long last, IReadOnlyList<NewJobEvent> events, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var e in events)
        {
            last++;
            await session.ExecuteAsync(
                "INSERT INTO events (job, seq, at, type, data) VALUES (@job, @seq, @at, @type, @data)",
                cancellationToken,
                ("@job", job.Value), ("@seq", last), ("@at", session.Dialect.Time(now)), ("@type", e.Type), ("@data", e.Data)).ConfigureAwait(false);
        }

        return last;
    }

    public static async Task<IReadOnlyList<JobEvent>> ReadAsync(
        SqlSession session, JobId job, long afterSeq, int limit, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            "SELECT seq, at, type, data FROM events WHERE job = @job AND seq > @after ORDER BY seq LIMIT @limit",
            static r => new JobEvent(r.GetInt64(0), r.Time(1), r.GetString(2), r.GetString(3)),
            cancellationToken,
            ("@job", job.Value), ("@after", afterSeq), ("@limit", limit)).ConfigureAwait(false);

    // No event has an empty type, so '' stands for "any" without a parameter whose type PostgreSQL would have to guess.
    public static async Task<IReadOnlyList<JobEvent>> ReadLatestAsync(
        SqlSession session, JobId job, EventFilter filter, int limit, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            "SELECT seq, at, type, data FROM events WHERE job = @job AND (@only = '' OR type = @only) AND type <> @except ORDER BY seq DESC LIMIT @limit",
            static r => new JobEvent(r.GetInt64(0), r.Time(1), r.GetString(2), r.GetString(3)),
            cancellationToken,
            ("@job", job.Value), ("@only", filter.Only ?? ""), ("@except", filter.Except ?? ""), ("@limit", limit)).ConfigureAwait(false);
}
