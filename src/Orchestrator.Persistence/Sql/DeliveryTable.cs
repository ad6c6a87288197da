using System.Data.Common;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orchestrator.Persistence.Sql;

/// <summary>Rows of webhooks and of their outbox.</summary>
internal static class DeliveryTable
{
    private const string Columns = "id, webhook, tenant, job, url, payload, state, attempts, next_at, status, error, created_at, ended_at";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task<StoreOutcome> CreateAsync(SqlSession session, WebhookRecord webhook, int most, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await session.Dialect.LockTenantAsync(session, webhook.Tenant, cancellationToken).ConfigureAwait(false);
        var count = await session.FirstAsync(
            "SELECT CAST(count(*) AS bigint) FROM webhooks WHERE tenant = @tenant", static r => r.GetInt64(0), cancellationToken, ("@tenant", webhook.Tenant)).ConfigureAwait(false);
        if (count >= most)
        {
            return StoreOutcome.TooMany;
        }

        await session.ExecuteAsync(
            "INSERT INTO webhooks (id, tenant, url, created_by, created_at) VALUES (@id, @tenant, @url, @by, @now)",
            cancellationToken,
            ("@id", webhook.Id), ("@tenant", webhook.Tenant), ("@url", webhook.Url), ("@by", webhook.CreatedBy), ("@now", session.Dialect.Time(now))).ConfigureAwait(false);
        return StoreOutcome.Stored;
    }

    public static Task<WebhookRecord?> GetAsync(SqlSession session, string id, CancellationToken cancellationToken) =>
        session.FirstAsync("SELECT id, tenant, url, created_by, created_at FROM webhooks WHERE id = @id", MapWebhook, cancellationToken, ("@id", id));

    public static async Task<IReadOnlyList<WebhookRecord>> ListAsync(SqlSession session, string? tenant, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            $"SELECT id, tenant, url, created_by, created_at FROM webhooks{(tenant is null ? "" : " WHERE tenant = @tenant")} ORDER BY created_at, id",
            MapWebhook, cancellationToken, tenant is null ? [] : [("@tenant", tenant)]).ConfigureAwait(false);

    public static async Task<bool> DeleteAsync(SqlSession session, string id, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("DELETE FROM deliveries WHERE webhook = @id", cancellationToken, ("@id", id)).ConfigureAwait(false);
        return await session.ExecuteAsync("DELETE FROM webhooks WHERE id = @id", cancellationToken, ("@id", id)).ConfigureAwait(false) == 1;
    }

    /// <summary>Notes the end of a job for every webhook of its tenant, in the transaction that ends it.</summary>
    public static Task EnqueueAsync(SqlSession session, JobRecord job, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var version = job.Version.ToString(CultureInfo.InvariantCulture);
        return session.ExecuteAsync(
            """
            INSERT INTO deliveries (id, webhook, tenant, job, url, payload, state, attempts, next_at, created_at)
            SELECT w.id || @suffix, w.id, w.tenant, @job, w.url, @payload, 'pending', 0, @now, @now FROM webhooks w WHERE w.tenant = @tenant
            ON CONFLICT (id) DO NOTHING
            """,
            cancellationToken,
            ("@suffix", $"-{job.Id}-{version}"), ("@job", job.Id.Value), ("@payload", Payload(job, version)), ("@now", session.Dialect.Time(now)), ("@tenant", job.Tenant));
    }

    public static async Task<IReadOnlyList<DeliveryRecord>> ListDeliveriesAsync(SqlSession session, string webhook, int limit, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            $"SELECT {Columns} FROM deliveries WHERE webhook = @webhook ORDER BY created_at DESC, id DESC LIMIT @limit",
            Map, cancellationToken, ("@webhook", webhook), ("@limit", limit)).ConfigureAwait(false);

    public static async Task<IReadOnlyList<DeliveryRecord>> TakeDueAsync(SqlSession session, DateTimeOffset now, TimeSpan lease, int limit, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            $"""
             UPDATE deliveries SET attempts = attempts + 1, next_at = @until
             WHERE id IN (SELECT id FROM deliveries WHERE state = 'pending' AND next_at <= @now ORDER BY next_at, id LIMIT @limit{session.Dialect.SkipLocked})
             RETURNING {Columns}
             """,
            Map, cancellationToken, ("@until", session.Dialect.Time(now + lease)), ("@now", session.Dialect.Time(now)), ("@limit", limit)).ConfigureAwait(false);

    public static async Task<bool> FinishAsync(SqlSession session, DeliveryAttempt attempt, DateTimeOffset now, CancellationToken cancellationToken) =>
        await session.ExecuteAsync(
            """
            UPDATE deliveries SET state = @state, next_at = @next, status = @status, error = @error, ended_at = @ended
            WHERE id = @id AND attempts = @attempt AND state = 'pending'
            """,
            cancellationToken,
            ("@state", WordOf(attempt.State)), ("@next", session.Dialect.Time(attempt.NextAt)), ("@status", attempt.Status), ("@error", StoredText.Clean(attempt.Error)),
            ("@ended", attempt.State == DeliveryState.Pending ? null : session.Dialect.Time(now)), ("@id", attempt.Id), ("@attempt", attempt.Attempt)).ConfigureAwait(false) == 1;

    public static Task<int> PurgeAsync(SqlSession session, DateTimeOffset before, CancellationToken cancellationToken) =>
        session.ExecuteAsync("DELETE FROM deliveries WHERE ended_at < @before", cancellationToken, ("@before", session.Dialect.Time(before)));

    private static string Payload(JobRecord job, string version) => JsonSerializer.Serialize(
        new
        {
            type = "job.ended",
            id = $"{job.Id}-{version}",
            at = job.EndedAt,
            job = new { id = job.Id.Value, job.Kind, job.Name, job.Tenant, state = Words.Of(job.State), job.Error, job.CreatedAt, job.StartedAt, job.EndedAt },
        },
        Json);

    private static WebhookRecord MapWebhook(DbDataReader r) => new(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.Time(4));

    private static DeliveryRecord Map(DbDataReader r) => new(
        r.GetString(0), r.GetString(1), r.GetString(2), r.Job(3), r.GetString(4), r.GetString(5), StateOf(r.GetString(6)), r.GetInt32(7), r.Time(8),
        r.IsDBNull(9) ? null : r.GetInt32(9), r.TextOrNull(10), r.Time(11), r.TimeOrNull(12));

    private static string WordOf(DeliveryState state) => state.ToString().ToLowerInvariant();

    private static DeliveryState StateOf(string word) => Enum.Parse<DeliveryState>(word, ignoreCase: true);
}
