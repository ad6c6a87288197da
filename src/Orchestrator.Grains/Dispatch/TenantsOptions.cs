using Microsoft.Extensions.Options;

namespace Orchestrator.Grains.Dispatch;

/// <summary>Section <c>Tenants</c>: each tenant's share, and what it may have at most.</summary>
public sealed class TenantsOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Tenants";

    /// <summary>Time over which device-seconds are counted, in whole minutes. 1 minute to 31 days. Default: 1 hour.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromHours(1);

    /// <summary>What holds for tenants that <see cref="ByName"/> does not name. Default: weight 1, no quotas.</summary>
    public TenantOptions Default { get; set; } = new();

    /// <summary>Tenants by name; what one leaves out is as in <see cref="TenantOptions"/>, not as in <see cref="Default"/>.</summary>
    public Dictionary<string, TenantOptions> ByName { get; set; } = [];

    /// <summary>What holds for a tenant.</summary>
    public TenantOptions Of(string tenant) => ByName.TryGetValue(tenant, out var own) ? own : Default;
}

/// <summary>One tenant's share and quotas.</summary>
public sealed class TenantOptions
{
    /// <summary>Share relative to the others, above 0. Default: 1.</summary>
    public double Weight { get; set; } = 1;

    /// <summary>Most shards that wait, over all jobs; a submission beyond it gets 429. At least 1. Default: any number.</summary>
    public int? MaxQueuedShards { get; set; }

    /// <summary>Most shards that run at a time, over all jobs; more wait. At least 1. Default: any number.</summary>
    public int? MaxRunningSlots { get; set; }

    /// <summary>
    /// Most seconds of slots within <see cref="TenantsOptions.Window"/>; beyond them nothing more starts and submissions get 429,
    /// until enough has left the window. Above 0. Default: any number.
    /// </summary>
    public double? MaxDeviceSeconds { get; set; }
}

/// <summary>Reports every mistake in the section at once.</summary>
internal sealed class TenantsOptionsValidator : IValidateOptions<TenantsOptions>
{
    public ValidateOptionsResult Validate(string? name, TenantsOptions options)
    {
        var errors = new List<string>();
        if (options.Window < TimeSpan.FromMinutes(1) || options.Window > TimeSpan.FromDays(31))
        {
            errors.Add($"Tenants:Window is {options.Window}; it must be 00:01:00 to 31.00:00:00.");
        }

        Check("Tenants:Default", options.Default);
        foreach (var (tenant, own) in options.ByName)
        {
            Check($"Tenants:ByName:{tenant}", own);
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(string path, TenantOptions tenant)
        {
            if (!(tenant.Weight > 0) || double.IsInfinity(tenant.Weight))
            {
                errors.Add($"{path}:Weight is {tenant.Weight}; it must be a number above 0.");
            }

            if (tenant.MaxQueuedShards < 1)
            {
                errors.Add($"{path}:MaxQueuedShards is {tenant.MaxQueuedShards}; it must be 1 or more, or left out.");
            }

            if (tenant.MaxRunningSlots < 1)
            {
                errors.Add($"{path}:MaxRunningSlots is {tenant.MaxRunningSlots}; it must be 1 or more, or left out.");
            }

            if (tenant.MaxDeviceSeconds is { } seconds && !(seconds > 0))
            {
                errors.Add($"{path}:MaxDeviceSeconds is {seconds}; it must be above 0, or left out.");
            }
        }
    }
}
