using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence;

/// <summary>An address that is told of the ended jobs of a tenant.</summary>
public sealed record WebhookRecord(string Id, string Tenant, string Url, string CreatedBy, DateTimeOffset CreatedAt);

/// <summary>States of a delivery.</summary>
public enum DeliveryState
{
    /// <summary>Waits for its next try.</summary>
    Pending,

    /// <summary>Answered with a 2xx.</summary>
    Delivered,

    /// <summary>Its tries are used up.</summary>
    Failed,
}

/// <summary>One ended job to be told to one webhook.</summary>
/// <param name="Id">Unique; the same at each try, so that a receiver knows a repetition.</param>
/// <param name="Payload">JSON, the exact bytes that are signed and sent.</param>
/// <param name="Attempts">Tries so far.</param>
/// <param name="NextAt">Time of the next try where it is pending.</param>
/// <param name="Status">Status code of the last answer; null where none came.</param>
public sealed record DeliveryRecord(
    string Id, string Webhook, string Tenant, JobId Job, string Url, string Payload, DeliveryState State, int Attempts,
    DateTimeOffset NextAt, int? Status, string? Error, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt);

/// <summary>How a try went.</summary>
/// <param name="NextAt">Time of the next try; set where <paramref name="State"/> is pending.</param>
public sealed record DeliveryAttempt(string Id, int Attempt, DeliveryState State, DateTimeOffset NextAt, int? Status, string? Error);

/// <summary>
/// Webhooks and their outbox as SQL rows, in the same database as the jobs; promises as <see cref="IJobStore"/>'s. Deliveries are
/// made by the store itself, in the transaction that ends a job.
/// </summary>
public interface IWebhookStore
{
    /// <summary>Stores a webhook, unless its tenant has <paramref name="most"/>.</summary>
    Task<StoreOutcome> CreateWebhookAsync(WebhookRecord webhook, int most, CancellationToken cancellationToken);

    /// <summary>One webhook, or null.</summary>
    Task<WebhookRecord?> GetWebhookAsync(string id, CancellationToken cancellationToken);

    /// <summary>Webhooks by age, of one tenant or of all.</summary>
    Task<IReadOnlyList<WebhookRecord>> ListWebhooksAsync(string? tenant, CancellationToken cancellationToken);

    /// <summary>Removes a webhook with its deliveries; false where there is none.</summary>
    Task<bool> DeleteWebhookAsync(string id, CancellationToken cancellationToken);

    /// <summary>The latest deliveries of a webhook, newest first.</summary>
    Task<IReadOnlyList<DeliveryRecord>> ListDeliveriesAsync(string webhook, int limit, CancellationToken cancellationToken);

    /// <summary>Takes due deliveries and counts a try of each; who takes them answers within <paramref name="lease"/>, or they come up again.</summary>
    Task<IReadOnlyList<DeliveryRecord>> TakeDueDeliveriesAsync(TimeSpan lease, int limit, CancellationToken cancellationToken);

    /// <summary>Tells how a try went; false where another try has begun since.</summary>
    Task<bool> FinishDeliveryAsync(DeliveryAttempt attempt, CancellationToken cancellationToken);

    /// <summary>Forgets deliveries that ended before a time.</summary>
    Task PurgeDeliveriesAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
