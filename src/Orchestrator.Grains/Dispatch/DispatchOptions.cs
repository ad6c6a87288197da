using Microsoft.Extensions.Options;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Dispatch;

/// <summary>Knobs of the dispatcher; configuration section <c>Dispatch</c>.</summary>
public sealed class DispatchOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Dispatch";

    /// <summary>A lease not renewed for this long is given to another worker. 1 second to 1 hour; at least three heartbeats of a worker. Default: 30 seconds.</summary>
    public TimeSpan LeaseTtl { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between looks for expired leases and dead silos. 10 milliseconds to 10 seconds. Default: 250 milliseconds.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Least time between two progress events of a job. 0 to 1 minute. Default: 1 second.</summary>
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long the exchange of a worker with nothing to report is held while there is nothing for it, so that new work starts
    /// without waiting for the next heartbeat. Less than the workers' heartbeat interval. 0 to 4 s; default: 950 ms.
    /// </summary>
    public TimeSpan IdleHold { get; set; } = TimeSpan.FromMilliseconds(950);

    /// <summary>
    /// A dispatcher that began less than this ago has not heard of every worker yet, and takes it that cancelled jobs may be at work
    /// somewhere. At least two heartbeats of a worker. 0 to 1 minute; default: 3 s.
    /// </summary>
    public TimeSpan EndingGrace { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Most leases in one reply, 1 to 10,000. Default: 256.</summary>
    public int MaxLeasesPerExchange { get; set; } = 256;

    /// <summary>Most shard events of a job between two progress events; the rest is summed up. 1 to 10,000. Default: 50.</summary>
    public int MaxShardEventsPerInterval { get; set; } = 50;

    /// <summary>A worker not heard of for this long is no longer listed. 1 second to 1 day. Default: 10 minutes.</summary>
    public TimeSpan ForgetWorkerAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Longest wait between two tries to tell a job that its phase has drained. Default: 5 seconds.</summary>
    public TimeSpan MaxNoticeDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Waiting time worth one level of priority, above 0. Default: 10 minutes.</summary>
    public TimeSpan AgeingStep { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How many seconds of a slot (over the tenant's weight) a job with warm models may go ahead of its turn. At least 0. Default: 2.</summary>
    public double WarmLeadSeconds { get; set; } = 2;

    /// <summary>
    /// A tenant which owes nothing and comes with a job of at most so many shards may take them at once, before its turn; it pays
    /// for them afterwards. Such a job waits for no queue of another tenant's. 0 to 10,000. Default: 16.
    /// </summary>
    public int HeadStart { get; set; } = 16;

    /// <summary>Counted failures after which a shard is failed, 1 to 100. Default: 4.</summary>
    public int MaxFailures { get; set; } = 4;

    /// <summary>Worker deaths after which a shard is quarantined, 1 to 100. Default: 3.</summary>
    public int MaxWorkerDeaths { get; set; } = 3;

    /// <summary>A device on which this many distinct jobs fail in a row is cordoned, 0 (never) to 100. Default: 3.</summary>
    public int DeviceFailureJobs { get; set; } = 3;

    /// <summary>Failures of a device older than this are forgotten. 1 second to 1 day. Default: 10 minutes.</summary>
    public TimeSpan DeviceFailureWindow { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Longest back-off after a shard's first failure. Default: 1 second.</summary>
    public TimeSpan RetryBaseDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest back-off ever; at least <see cref="RetryBaseDelay"/>. Default: 5 minutes.</summary>
    public TimeSpan RetryMaxDelay { get; set; } = TimeSpan.FromMinutes(5);

    internal RetryPolicy ToRetryPolicy() => new()
    {
        MaxFailures = MaxFailures,
        MaxWorkerDeaths = MaxWorkerDeaths,
        BaseDelay = RetryBaseDelay,
        MaxDelay = RetryMaxDelay,
    };

    internal DevicePolicy ToDevicePolicy() => new() { Jobs = DeviceFailureJobs, Window = DeviceFailureWindow };

    internal FairShareOptions ToFairShareOptions(TenantsOptions tenants) => new()
    {
        Weights = tenants.ByName.ToDictionary(tenant => tenant.Key, tenant => tenant.Value.Weight),
        DefaultWeight = tenants.Default.Weight,
        AgeingStep = AgeingStep,
        WarmLead = WarmLeadSeconds,
        HeadStart = HeadStart,
    };
}

/// <summary>Reports every mistake in the section at once.</summary>
internal sealed class DispatchOptionsValidator : IValidateOptions<DispatchOptions>
{
    public ValidateOptionsResult Validate(string? name, DispatchOptions options)
    {
        var errors = new List<string>();
        Check(nameof(options.LeaseTtl), options.LeaseTtl, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Check(nameof(options.IdleHold), options.IdleHold, TimeSpan.Zero, TimeSpan.FromSeconds(4));
        Check(nameof(options.SweepInterval), options.SweepInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10));
        Check(nameof(options.ProgressInterval), options.ProgressInterval, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Check(nameof(options.EndingGrace), options.EndingGrace, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Check(nameof(options.MaxLeasesPerExchange), options.MaxLeasesPerExchange, 1, 10_000);
        Check(nameof(options.MaxShardEventsPerInterval), options.MaxShardEventsPerInterval, 1, 10_000);
        Check(nameof(options.ForgetWorkerAfter), options.ForgetWorkerAfter, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Check(nameof(options.MaxNoticeDelay), options.MaxNoticeDelay, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5));
        Check(nameof(options.AgeingStep), options.AgeingStep, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));
        Check(nameof(options.WarmLeadSeconds), options.WarmLeadSeconds, 0, 86_400);
        Check(nameof(options.HeadStart), options.HeadStart, 0, 10_000);
        Check(nameof(options.MaxFailures), options.MaxFailures, 1, 100);
        Check(nameof(options.MaxWorkerDeaths), options.MaxWorkerDeaths, 1, 100);
        Check(nameof(options.DeviceFailureJobs), options.DeviceFailureJobs, 0, 100);
        Check(nameof(options.DeviceFailureWindow), options.DeviceFailureWindow, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Check(nameof(options.RetryBaseDelay), options.RetryBaseDelay, TimeSpan.Zero, TimeSpan.FromHours(1));
        Check(nameof(options.RetryMaxDelay), options.RetryMaxDelay, options.RetryBaseDelay, TimeSpan.FromDays(1));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check<T>(string field, T value, T least, T most)
            where T : IComparable<T>
        {
            if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            {
                errors.Add($"Dispatch:{field} is {value}; it must be {least} to {most}.");
            }
        }
    }
}
