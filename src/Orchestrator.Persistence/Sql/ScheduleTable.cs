using System.Data.Common;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>Rows of schedules.</summary>
internal static class ScheduleTable
{
    private const string Columns = "id, tenant, name, cron, document, created_by, created_at, next_at, last_tick, last_job, last_error";

    public static async Task<StoreOutcome> CreateAsync(SqlSession session, NewSchedule schedule, int most, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await session.Dialect.LockTenantAsync(session, schedule.Tenant, cancellationToken).ConfigureAwait(false);
        var count = await session.FirstAsync(
            "SELECT CAST(count(*) AS bigint) FROM schedules WHERE tenant = @tenant", static r => r.GetInt64(0), cancellationToken, ("@tenant", schedule.Tenant)).ConfigureAwait(false);
        if (count >= most)
        {
            return StoreOutcome.TooMany;
        }

        var inserted = await session.ExecuteAsync(
            """
            INSERT INTO schedules (id, tenant, name, cron, document, created_by, created_at, next_at)
            VALUES (@id, @tenant, @name, @cron, @document, @by, @now, @next)
            ON CONFLICT (tenant, name) DO NOTHING
            """,
            cancellationToken,
            ("@id", schedule.Id), ("@tenant", schedule.Tenant), ("@name", schedule.Name), ("@cron", schedule.Cron), ("@document", schedule.Document),
            ("@by", schedule.CreatedBy), ("@now", session.Dialect.Time(now)), ("@next", session.Dialect.Time(schedule.NextAt))).ConfigureAwait(false);
        return inserted == 1 ? StoreOutcome.Stored : StoreOutcome.NameTaken;
    }

    public static Task<ScheduleRecord?> GetAsync(SqlSession session, string id, CancellationToken cancellationToken) =>
        session.FirstAsync($"SELECT {Columns} FROM schedules WHERE id = @id", Map, cancellationToken, ("@id", id));

    public static async Task<IReadOnlyList<ScheduleRecord>> ListAsync(SqlSession session, string? tenant, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            $"SELECT {Columns} FROM schedules{(tenant is null ? "" : " WHERE tenant = @tenant")} ORDER BY tenant, name",
            Map, cancellationToken, tenant is null ? [] : [("@tenant", tenant)]).ConfigureAwait(false);

    public static async Task<bool> DeleteAsync(SqlSession session, string id, CancellationToken cancellationToken) =>
        await session.ExecuteAsync("DELETE FROM schedules WHERE id = @id", cancellationToken, ("@id", id)).ConfigureAwait(false) == 1;

    public static Task<ScheduleRecord?> TakeDueAsync(SqlSession session, DateTimeOffset now, TimeSpan lease, CancellationToken cancellationToken) =>
        session.FirstAsync(
            $"""
             UPDATE schedules SET lease_until = @until
             WHERE id = (
                 SELECT id FROM schedules WHERE next_at <= @now AND (lease_until IS NULL OR lease_until <= @now)
                 ORDER BY next_at, id LIMIT 1{session.Dialect.SkipLocked})
             RETURNING {Columns}
             """,
            Map, cancellationToken, ("@until", session.Dialect.Time(now + lease)), ("@now", session.Dialect.Time(now)));

    public static async Task<bool> FinishAsync(
        SqlSession session, string id, DateTimeOffset tick, DateTimeOffset next, JobId? job, string? error, CancellationToken cancellationToken) =>
        await session.ExecuteAsync(
            """
            UPDATE schedules SET next_at = @next, lease_until = NULL, last_tick = @tick, last_job = @job, last_error = @error
            WHERE id = @id AND next_at = @tick
            """,
            cancellationToken,
            ("@next", session.Dialect.Time(next)), ("@tick", session.Dialect.Time(tick)), ("@job", job?.Value), ("@error", StoredText.Clean(error)), ("@id", id)).ConfigureAwait(false) == 1;

    public static async Task<bool> PostponeAsync(
        SqlSession session, string id, DateTimeOffset tick, DateTimeOffset until, string error, CancellationToken cancellationToken) =>
        await session.ExecuteAsync(
            "UPDATE schedules SET lease_until = @until, last_error = @error WHERE id = @id AND next_at = @tick",
            cancellationToken,
            ("@until", session.Dialect.Time(until)), ("@error", StoredText.Clean(error)), ("@id", id), ("@tick", session.Dialect.Time(tick))).ConfigureAwait(false) == 1;

    private static ScheduleRecord Map(DbDataReader r) => new(
        r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetString(5), r.Time(6), r.Time(7), r.TimeOrNull(8),
        r.TextOrNull(9) is { } job ? JobId.Parse(job) : null, r.TextOrNull(10));
}
