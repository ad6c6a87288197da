using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>What tenants have queued and what they used.</summary>
internal static class TenantTable
{
    public static async Task<IReadOnlyList<TenantLoad>> LoadsAsync(SqlSession session, string? tenant, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            $"""
             SELECT j.tenant, CAST(sum(p.pending) AS bigint), CAST(sum(p.leased) AS bigint)
             FROM jobs j JOIN phases p ON p.job = j.id AND p.phase = j.phase
             WHERE j.{JobTable.NotEnded}{(tenant is null ? "" : " AND j.tenant = @tenant")}
             GROUP BY j.tenant ORDER BY j.tenant
             """,
            static r => new TenantLoad(r.GetString(0), r.GetInt64(1), r.GetInt64(2)),
            cancellationToken,
            tenant is null ? [] : [("@tenant", tenant)]).ConfigureAwait(false);

    /// <summary>Refuses a job that would exceed its tenant's queue; others that would, too, wait for the end of this transaction.</summary>
    /// <exception cref="QueueFullException">It would.</exception>
    public static async Task CheckQueueAsync(SqlSession session, NewJob job, CancellationToken cancellationToken)
    {
        if (job.QueueLimit is not { } limit)
        {
            return;
        }

        await session.Dialect.LockTenantAsync(session, job.Tenant, cancellationToken).ConfigureAwait(false);
        var queued = (await LoadsAsync(session, job.Tenant, cancellationToken).ConfigureAwait(false)).Sum(load => load.Queued);
        if (queued + job.Shards.Count > limit)
        {
            throw new QueueFullException(job.Tenant, queued, limit);
        }
    }

    public static async Task<bool> AddUsageAsync(SqlSession session, IReadOnlyList<UsageMinute> usage, long keepFrom, CancellationToken cancellationToken)
    {
        // In one order, so that two that add at once do not wait for each other in a circle.
        foreach (var (tenant, minute, milliseconds) in usage.OrderBy(u => u.Tenant, StringComparer.Ordinal).ThenBy(u => u.Minute))
        {
            await session.ExecuteAsync(
                """
                INSERT INTO slot_usage (tenant, minute, milliseconds) VALUES (@tenant, @minute, @milliseconds)
                ON CONFLICT (tenant, minute) DO UPDATE SET milliseconds = slot_usage.milliseconds + excluded.milliseconds
                """,
                cancellationToken,
                ("@tenant", tenant), ("@minute", minute), ("@milliseconds", milliseconds)).ConfigureAwait(false);
        }

        await session.ExecuteAsync("DELETE FROM slot_usage WHERE minute < @from", cancellationToken, ("@from", keepFrom)).ConfigureAwait(false);
        return true;
    }

    public static async Task<IReadOnlyList<UsageMinute>> ReadUsageAsync(SqlSession session, string? tenant, long fromMinute, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            $"SELECT tenant, minute, milliseconds FROM slot_usage WHERE minute >= @from{(tenant is null ? "" : " AND tenant = @tenant")} ORDER BY tenant, minute",
            static r => new UsageMinute(r.GetString(0), r.GetInt64(1), r.GetInt64(2)),
            cancellationToken,
            tenant is null ? [("@from", fromMinute)] : [("@from", fromMinute), ("@tenant", tenant)]).ConfigureAwait(false);
}
