using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Contracts.Placement;
using Orleans.Configuration;

namespace Orchestrator.Contracts.Hosting;

/// <summary>Makes a process a silo of the cluster, the same way for every executable.</summary>
public static class ClusterHosting
{
    /// <summary>
    /// Adds a silo configured by the section <c>Cluster</c> with the given roles.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="roles">A value of <see cref="SiloRole"/>.</param>
    /// <param name="configure">What else this silo hosts.</param>
    /// <exception cref="OptionsValidationException">The section has mistakes; the message lists all of them.</exception>
    public static IHostApplicationBuilder UseOrchestratorCluster(
        this IHostApplicationBuilder builder, string roles, Action<ISiloBuilder>? configure = null)
    {
        var options = builder.Configuration.GetSection(OrchestratorClusterOptions.Section).Get<OrchestratorClusterOptions>() ?? new();
        var validation = new OrchestratorClusterOptionsValidator(builder.Configuration).Validate(null, options);
        if (validation.Failed)
        {
            throw new OptionsValidationException(OrchestratorClusterOptions.Section, typeof(OrchestratorClusterOptions), validation.Failures);
        }

        options.AdvertisedAddress = HostAddress.Resolve(options.AdvertisedAddress);

        // Both listeners are open while the ports are read, so the two differ.
        using (var reservation = new PortReservation())
        {
            options.SiloPort = options.SiloPort == 0 ? reservation.Next() : options.SiloPort;
            options.GatewayPort = options.GatewayPort == 0 ? reservation.Next() : options.GatewayPort;
        }

        builder.Services.AddSingleton(Options.Create(options));
        AddGate(builder, roles, options.Provider);
        builder.UseOrleans(silo =>
        {
            UseMembership(silo, options, builder.Configuration);
            UseShipProfile(silo, options.ProbeTimeout);
            ClusterTls.Use(silo, options.Tls);
            silo.AddRolePlacement(roles);
            silo.AddActivityPropagation();
            configure?.Invoke(silo);
        });
        return builder;
    }

    /// <summary>
    /// The failure-detection profile: a killed process is declared dead after about 1.6 s, a hung one after about 6.4 s
    /// (Orleans' defaults: up to 15 s and 60 s). Both times rise with <paramref name="probeTimeout"/>.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="probeTimeout">Time in which a live process answers a probe; null for 1 s.</param>
    public static ISiloBuilder UseShipProfile(this ISiloBuilder silo, TimeSpan? probeTimeout = null)
    {
        var probe = probeTimeout ?? TimeSpan.FromSeconds(1);
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = probe;

            // The connection-liveness check holds votes back for MaxProbeTimeout x NumMissedProbesLimit.
            membership.MaxProbeTimeout = probe * 2;
            membership.NumMissedProbesLimit = 3;
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(10);
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
        });

        // The default directory re-activates grains of healthy silos when another silo dies.
#pragma warning disable ORLEANSEXP003
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003

        // At most MaxProbeTimeout x NumMissedProbesLimit, or the lease outlasts the detection it should follow.
        silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = probe * 6);
        silo.Configure<SiloMessagingOptions>(messaging =>
        {
            messaging.ResponseTimeout = TimeSpan.FromSeconds(15);
            messaging.MaxEnqueuedRequestsHardLimit = 2000;
        });
        return silo;
    }

    /// <summary>Control processes on PostgreSQL need no gate: they make the tables themselves, before anything else starts.</summary>
    private static void AddGate(IHostApplicationBuilder builder, string roles, string provider)
    {
        var configuration = builder.Configuration;
        Func<CancellationToken, Task<string?>>? probe = provider switch
        {
            ClusterProviders.Postgres when !SiloRole.Includes(roles, SiloRole.Control) =>
                stopping => MembershipGate.ProbePostgresAsync(configuration.GetConnectionString("orchestrator")!, stopping),
            ClusterProviders.Redis => stopping => MembershipGate.ProbeRedisAsync(RedisConnectionString(configuration)!, stopping),
            _ => null,
        };
        if (probe is not null)
        {
            builder.Services.AddHostedService(services => new MembershipGate(
                probe, services.GetService<TimeProvider>() ?? TimeProvider.System, services.GetRequiredService<ILogger<MembershipGate>>()));
        }
    }

    internal static string? RedisConnectionString(IConfiguration configuration) =>
        configuration.GetConnectionString("redis") ?? configuration.GetConnectionString("orchestrator");

    private static void UseMembership(ISiloBuilder silo, OrchestratorClusterOptions options, IConfiguration configuration)
    {
        var address = IPAddress.Parse(options.AdvertisedAddress);
        switch (options.Provider)
        {
            case ClusterProviders.Embedded:
                var primary = options.PrimarySiloPort == 0 ? options.SiloPort : options.PrimarySiloPort;
                silo.UseLocalhostClustering(
                    options.SiloPort, options.GatewayPort, new IPEndPoint(IPAddress.Loopback, primary), options.ServiceId, options.ClusterId);
                return;

            case ClusterProviders.Postgres:
                silo.UseAdoNetClustering(clustering =>
                {
                    clustering.Invariant = "Npgsql";
                    clustering.ConnectionString = configuration.GetConnectionString("orchestrator");
                });
                break;

            default:
                silo.UseRedisClustering(RedisConnectionString(configuration)!);
                break;
        }

        silo.Configure<Orleans.Configuration.ClusterOptions>(cluster =>
        {
            cluster.ClusterId = options.ClusterId;
            cluster.ServiceId = options.ServiceId;
        });
        var listen = options.ListenAddress is { } given ? IPAddress.Parse(given) : address;
        silo.ConfigureEndpoints(address, options.SiloPort, options.GatewayPort);
        silo.Configure<EndpointOptions>(endpoints =>
        {
            endpoints.SiloListeningEndpoint = new IPEndPoint(listen, options.SiloPort);
            endpoints.GatewayListeningEndpoint = new IPEndPoint(listen, options.GatewayPort);
        });
    }

    /// <summary>Free loopback ports, held until all are known.</summary>
    private sealed class PortReservation : IDisposable
    {
        private readonly List<TcpListener> listeners = [];

        public int Next()
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            listeners.Add(listener);
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        public void Dispose() => listeners.ForEach(listener => listener.Dispose());
    }
}
