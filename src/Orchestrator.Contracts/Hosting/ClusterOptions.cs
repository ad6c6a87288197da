using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Orchestrator.Contracts.Hosting;

/// <summary>Names for <see cref="OrchestratorClusterOptions.Provider"/>.</summary>
public static class ClusterProviders
{
    /// <summary>Membership in the memory of one process; other silos on this machine may join it.</summary>
    public const string Embedded = "embedded";

    /// <summary>Membership in PostgreSQL, at the connection string <c>orchestrator</c>.</summary>
    public const string Postgres = "postgres";

    /// <summary>Membership in Redis, at the connection string <c>redis</c> or, where there is none, <c>orchestrator</c>.</summary>
    public const string Redis = "redis";
}

/// <summary>How a process takes part in the cluster; configuration section <c>Cluster</c>.</summary>
public sealed class OrchestratorClusterOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Cluster";

    /// <summary>One of <see cref="ClusterProviders"/>. Default: <c>embedded</c>.</summary>
    public string Provider { get; set; } = ClusterProviders.Embedded;

    /// <summary>Silos with the same id form one cluster. Default: <c>orchestrator</c>.</summary>
    public string ClusterId { get; set; } = "orchestrator";

    /// <summary>Identity of the service over all its deployments. Default: <c>orchestrator</c>.</summary>
    public string ServiceId { get; set; } = "orchestrator";

    /// <summary>Port for silo to silo, 0 to 65535. Default: 0, a free one.</summary>
    public int SiloPort { get; set; }

    /// <summary>Port for clients, 0 to 65535. Default: 0, a free one.</summary>
    public int GatewayPort { get; set; }

    /// <summary>
    /// IP address by which other silos reach this one, or <c>auto</c>: the first IPv4 address of this host that is not loopback, for
    /// containers, which learn theirs when they start. Default: <c>127.0.0.1</c>, where the silo also listens on loopback only.
    /// </summary>
    public string AdvertisedAddress { get; set; } = "127.0.0.1";

    /// <summary>
    /// IP address on which the silo's two ports listen. Default: <see cref="AdvertisedAddress"/>, so nothing is open that other
    /// silos do not use. <c>0.0.0.0</c> where that address is not this host's own, as behind a container's port mapping.
    /// </summary>
    public string? ListenAddress { get; set; }

    /// <summary>Encryption of the silo's two ports. Default: none.</summary>
    public ClusterTlsOptions Tls { get; set; } = new();

    /// <summary>
    /// Time in which a live process answers a probe of its peers, 500 ms to 30 s. A killed process is found after about 1.6 times
    /// this, a hung one after about 6.4 times; where machines are starved of CPU, a larger value keeps live processes from being
    /// given up. The same on all processes of a cluster. Default: 1 s.
    /// </summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>For <c>embedded</c>: silo port of the process that holds the membership. Default: 0, this one.</summary>
    public int PrimarySiloPort { get; set; }
}

/// <summary>
/// Section <c>Cluster:Tls</c>. With it every silo shows a certificate of the cluster's own authority to every other; one that has
/// none, or one of another authority, is turned away. The same on all processes of a cluster.
/// </summary>
public sealed class ClusterTlsOptions
{
    /// <summary>This silo's certificate with its private key: a PFX file, or a PEM file beside <see cref="KeyPath"/>. Default: none, and the ports are not encrypted.</summary>
    public string? CertificatePath { get; set; }

    /// <summary>PEM file of the private key; null where <see cref="CertificatePath"/> is a PFX file.</summary>
    public string? KeyPath { get; set; }

    /// <summary>Password of the PFX file or the key. Give it by environment or secret store, not in a file.</summary>
    public string? Password { get; set; }

    /// <summary>PEM file of the authority that signed the certificates of all silos; it should sign nothing else, for whom it signs is let in.</summary>
    public string? AuthorityPath { get; set; }

    /// <summary>True where the ports are encrypted.</summary>
    public bool IsOn => CertificatePath is not null;
}

/// <summary>Reports every mistake in the section at once.</summary>
internal sealed class OrchestratorClusterOptionsValidator(IConfiguration configuration) : IValidateOptions<OrchestratorClusterOptions>
{
    public ValidateOptionsResult Validate(string? name, OrchestratorClusterOptions options)
    {
        var errors = new List<string>();
        if (options.Provider is not (ClusterProviders.Embedded or ClusterProviders.Postgres or ClusterProviders.Redis))
        {
            errors.Add($"Cluster:Provider is '{options.Provider}'; it must be embedded, postgres or redis.");
        }

        if (options.Provider == ClusterProviders.Postgres && string.IsNullOrWhiteSpace(configuration.GetConnectionString("orchestrator")))
        {
            errors.Add("Cluster:Provider is 'postgres' but ConnectionStrings:orchestrator is not set; set it to the PostgreSQL connection string.");
        }

        if (options.Provider == ClusterProviders.Redis && ClusterHosting.RedisConnectionString(configuration) is null)
        {
            errors.Add("Cluster:Provider is 'redis' but neither ConnectionStrings:redis nor ConnectionStrings:orchestrator is set.");
        }

        if (options.ProbeTimeout < TimeSpan.FromMilliseconds(500) || options.ProbeTimeout > TimeSpan.FromSeconds(30))
        {
            errors.Add($"Cluster:ProbeTimeout is {options.ProbeTimeout}; it must be 00:00:00.5 to 00:00:30.");
        }

        foreach (var (field, value) in new[] { ("ClusterId", options.ClusterId), ("ServiceId", options.ServiceId) })
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                errors.Add($"Cluster:{field} is empty; give it a name, or leave it out for 'orchestrator'.");
            }
        }

        foreach (var (field, value) in new[]
                 {
                     ("SiloPort", options.SiloPort), ("GatewayPort", options.GatewayPort), ("PrimarySiloPort", options.PrimarySiloPort),
                 })
        {
            if (value is < 0 or > IPEndPoint.MaxPort)
            {
                errors.Add($"Cluster:{field} is {value}; it must be 0 (pick a free port) to 65535.");
            }
        }

        if (options.AdvertisedAddress == HostAddress.Auto && HostAddress.Find() is null)
        {
            errors.Add("Cluster:AdvertisedAddress is 'auto', but this host has no IPv4 address besides loopback; name one.");
        }
        else if (!IPAddress.TryParse(HostAddress.Resolve(options.AdvertisedAddress), out var address))
        {
            errors.Add($"Cluster:AdvertisedAddress is '{options.AdvertisedAddress}'; it must be an IP address or 'auto'.");
        }
        else if (options.Provider == ClusterProviders.Embedded && !IPAddress.IsLoopback(address))
        {
            errors.Add($"Cluster:AdvertisedAddress is '{options.AdvertisedAddress}'; an embedded cluster stays on loopback. Use postgres or redis to span machines.");
        }

        if (options.ListenAddress is { } listen && !IPAddress.TryParse(listen, out _))
        {
            errors.Add($"Cluster:ListenAddress is '{listen}'; it must be an IP address, for example 0.0.0.0.");
        }
        else if (options is { ListenAddress: { } open, Provider: ClusterProviders.Embedded } && !IPAddress.IsLoopback(IPAddress.Parse(open)))
        {
            errors.Add($"Cluster:ListenAddress is '{open}'; an embedded cluster stays on loopback. Use postgres or redis to span machines.");
        }

        errors.AddRange(ClusterTls.ProblemsOf(options.Tls));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
