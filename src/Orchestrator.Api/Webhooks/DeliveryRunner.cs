using Microsoft.Extensions.Options;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Webhooks;

/// <summary>
/// Sends what the outbox holds. Any number of processes may run it: each delivery is taken by one at a time, and one that was taken
/// and not answered for comes up again, so a receiver gets each at least once, under the same id.
/// </summary>
internal sealed partial class DeliveryRunner(
    IWebhookStore store, IWebhookSender sender, IOptions<WebhooksOptions> options, TimeProvider time, DeliveryChance chance, ILogger<DeliveryRunner> logger)
{
    private const int Batch = 16;
    private static readonly TimeSpan PurgeInterval = TimeSpan.FromHours(1);

    private DateTimeOffset nextPurge;

    /// <summary>Sends everything that is due now; returns the number of tries.</summary>
    public async Task<int> RunDueAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.IsOn)
        {
            return 0;
        }

        var tries = 0;
        var lease = options.Value.Timeout * 3;
        while (await store.TakeDueDeliveriesAsync(lease, Batch, cancellationToken) is { Count: > 0 } due)
        {
            await Task.WhenAll(due.Select(delivery => SendAsync(delivery, cancellationToken)));
            tries += due.Count;
        }

        var now = time.GetUtcNow();
        if (now >= nextPurge)
        {
            nextPurge = now + PurgeInterval;
            await store.PurgeDeliveriesAsync(now - options.Value.KeepFor, cancellationToken);
        }

        return tries;
    }

    /// <summary>Wait before the try after this one: doubling, half of it by chance, so that receivers are not hit by all at once.</summary>
    internal TimeSpan DelayAfter(int attempt)
    {
        var ceiling = Math.Min(options.Value.MaxDelay.TotalSeconds, options.Value.BaseDelay.TotalSeconds * Math.Pow(2, attempt - 1));
        return TimeSpan.FromSeconds(ceiling * (0.5 + (chance.Next() / 2)));
    }

    private async Task SendAsync(DeliveryRecord delivery, CancellationToken cancellationToken)
    {
        var result = await sender.SendAsync(delivery, cancellationToken);
        var state = result.Error is null ? DeliveryState.Delivered
            : delivery.Attempts >= options.Value.MaxAttempts ? DeliveryState.Failed
            : DeliveryState.Pending;
        if (result.Error is not null)
        {
            LogNotDelivered(logger, delivery.Id, delivery.Attempts, result.Error);
        }

        await store.FinishDeliveryAsync(
            new(delivery.Id, delivery.Attempts, state, time.GetUtcNow() + DelayAfter(delivery.Attempts), result.Status, result.Error), cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Delivery {Delivery}, try {Attempt}: {Error}")]
    private static partial void LogNotDelivered(ILogger logger, string delivery, int attempt, string error);
}

/// <summary>Source of the jitter between tries.</summary>
/// <param name="Next">Uniform in [0, 1).</param>
internal sealed record DeliveryChance(Func<double> Next);
