using Microsoft.Extensions.Options;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Dispatch;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Submission;

/// <summary>Why a quota refuses a job.</summary>
/// <param name="RetryAfter">When it is worth another try; null where the job is larger than its tenant's queue and never fits.</param>
internal sealed record QuotaRefusal(string Detail, TimeSpan? RetryAfter);

/// <summary>What a tenant has and may have. Quotas that are not set are null.</summary>
/// <param name="Queued">Shards that wait.</param>
/// <param name="Running">Shards that workers hold.</param>
/// <param name="DeviceSeconds">Seconds of slots used within <paramref name="Window"/> by leases that have ended.</param>
public sealed record TenantView(
    string Tenant, double Weight, long Queued, int? MaxQueuedShards, long Running, int? MaxRunningSlots, double DeviceSeconds, double? MaxDeviceSeconds, TimeSpan Window);

/// <summary>Compares what tenants have with what they may have. Safe for concurrent use.</summary>
internal sealed class TenantQuotas(IJobStore store, IOptions<TenantsOptions> options, TimeProvider time)
{
    /// <summary>How soon a queue that is full is worth another look; how fast it moves is not known here.</summary>
    public static readonly TimeSpan QueueRetry = TimeSpan.FromSeconds(15);

    /// <summary>Most queued shards of a tenant; null for any number.</summary>
    public int? QueueLimitOf(string tenant) => options.Value.Of(tenant).MaxQueuedShards;

    /// <summary>Judges a job before it is stored; the queue itself is judged by the store, where nobody comes in between.</summary>
    public async Task<QuotaRefusal?> CheckAsync(string tenant, int shards, CancellationToken cancellationToken)
    {
        var quota = options.Value.Of(tenant);
        if (quota.MaxQueuedShards < shards)
        {
            return new($"has {shards} shards; tenant '{tenant}' may have {quota.MaxQueuedShards} queued (Tenants:ByName:{tenant}:MaxQueuedShards). Split the job.", null);
        }

        if (quota.MaxDeviceSeconds is not { } most)
        {
            return null;
        }

        var now = time.GetUtcNow();
        var usage = await UsageAsync(tenant, now, cancellationToken);
        var used = usage.Used(tenant, now);
        return used < most
            ? null
            : new($"Tenant '{tenant}' has used {used:0} of the {most:0} device-seconds that it may have within {options.Value.Window}.", usage.UntilBelow(tenant, most, now));
    }

    /// <summary>Tenants that are configured, have work, or have used slots; one of them, or all.</summary>
    public async Task<IReadOnlyList<TenantView>> ListAsync(string? tenant, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var usage = new SlotUsage(options.Value.Window);
        var used = await store.ReadUsageAsync(tenant, usage.FirstMinute(now), cancellationToken);
        foreach (var minute in used)
        {
            usage.Load(minute);
        }

        var loads = (await store.ReadLoadsAsync(tenant, cancellationToken)).ToDictionary(load => load.Tenant, StringComparer.Ordinal);
        var names = tenant is not null ? [tenant] : options.Value.ByName.Keys.Concat(loads.Keys).Concat(used.Select(u => u.Tenant)).Distinct(StringComparer.Ordinal);
        return [.. names.Order(StringComparer.Ordinal).Select(name =>
        {
            var quota = options.Value.Of(name);
            var load = loads.GetValueOrDefault(name);
            return new TenantView(
                name, quota.Weight, load?.Queued ?? 0, quota.MaxQueuedShards, load?.Leased ?? 0, quota.MaxRunningSlots,
                usage.Used(name, now), quota.MaxDeviceSeconds, options.Value.Window);
        })];
    }

    /// <summary>The mistake of a job that is larger than its tenant's queue.</summary>
    public static DocumentError ToError(QuotaRefusal refusal) => new("$", null, refusal.Detail);

    private async Task<SlotUsage> UsageAsync(string tenant, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var usage = new SlotUsage(options.Value.Window);
        foreach (var minute in await store.ReadUsageAsync(tenant, usage.FirstMinute(now), cancellationToken))
        {
            usage.Load(minute);
        }

        return usage;
    }
}
