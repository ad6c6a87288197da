using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

internal abstract partial class SqlJobStore
{
    public Task<StoreOutcome> CreateScheduleAsync(NewSchedule schedule, int most, CancellationToken cancellationToken) =>
        WriteAsync(s => ScheduleTable.CreateAsync(s, schedule, most, time.Now(), cancellationToken), cancellationToken);

    public Task<ScheduleRecord?> GetScheduleAsync(string id, CancellationToken cancellationToken) =>
        ReadAsync(s => ScheduleTable.GetAsync(s, id, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<ScheduleRecord>> ListSchedulesAsync(string? tenant, CancellationToken cancellationToken) =>
        ReadAsync(s => ScheduleTable.ListAsync(s, tenant, cancellationToken), cancellationToken);

    public Task<bool> DeleteScheduleAsync(string id, CancellationToken cancellationToken) =>
        WriteAsync(s => ScheduleTable.DeleteAsync(s, id, cancellationToken), cancellationToken);

    public Task<ScheduleRecord?> TakeDueScheduleAsync(TimeSpan lease, CancellationToken cancellationToken) =>
        WriteAsync(s => ScheduleTable.TakeDueAsync(s, time.Now(), lease, cancellationToken), cancellationToken);

    public Task<bool> FinishTickAsync(string id, DateTimeOffset tick, DateTimeOffset next, JobId? job, string? error, CancellationToken cancellationToken) =>
        WriteAsync(s => ScheduleTable.FinishAsync(s, id, tick, next, job, error, cancellationToken), cancellationToken);

    public Task<bool> PostponeTickAsync(string id, DateTimeOffset tick, DateTimeOffset until, string error, CancellationToken cancellationToken) =>
        WriteAsync(s => ScheduleTable.PostponeAsync(s, id, tick, until, error, cancellationToken), cancellationToken);

    public Task<StoreOutcome> CreateWebhookAsync(WebhookRecord webhook, int most, CancellationToken cancellationToken) =>
        WriteAsync(s => DeliveryTable.CreateAsync(s, webhook, most, time.Now(), cancellationToken), cancellationToken);

    public Task<WebhookRecord?> GetWebhookAsync(string id, CancellationToken cancellationToken) =>
        ReadAsync(s => DeliveryTable.GetAsync(s, id, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<WebhookRecord>> ListWebhooksAsync(string? tenant, CancellationToken cancellationToken) =>
        ReadAsync(s => DeliveryTable.ListAsync(s, tenant, cancellationToken), cancellationToken);

    public Task<bool> DeleteWebhookAsync(string id, CancellationToken cancellationToken) =>
        WriteAsync(s => DeliveryTable.DeleteAsync(s, id, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<DeliveryRecord>> ListDeliveriesAsync(string webhook, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync(s => DeliveryTable.ListDeliveriesAsync(s, webhook, limit, cancellationToken), cancellationToken);
    }

    public Task<IReadOnlyList<DeliveryRecord>> TakeDueDeliveriesAsync(TimeSpan lease, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return WriteAsync(s => DeliveryTable.TakeDueAsync(s, time.Now(), lease, limit, cancellationToken), cancellationToken);
    }

    public Task<bool> FinishDeliveryAsync(DeliveryAttempt attempt, CancellationToken cancellationToken) =>
        WriteAsync(s => DeliveryTable.FinishAsync(s, attempt, time.Now(), cancellationToken), cancellationToken);

    public Task PurgeDeliveriesAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        WriteAsync(s => DeliveryTable.PurgeAsync(s, before, cancellationToken), cancellationToken);
}
