using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Contracts.Placement;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Tests.Support;
using Orchestrator.Persistence;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orchestrator.Grains.Tests.Hosting;

public class ClusterHostingTests
{
    [Fact]
    public void UseOrchestratorCluster_SeveralMistakes_AreAllReported()
    {
        var builder = Builder(
            ("Cluster:Provider", "postgres"), ("Cluster:SiloPort", "70000"), ("Cluster:AdvertisedAddress", "here"), ("Cluster:ClusterId", " "));
        var error = Assert.Throws<OptionsValidationException>(() => builder.UseOrchestratorCluster(SiloRole.Control));
        Assert.Equal(4, error.Failures.Count());
        Assert.Contains(error.Failures, failure => failure.Contains("ConnectionStrings:orchestrator"));
    }

    [Fact]
    public void UseOrchestratorCluster_AutoAddress_IsOneOfThisHostOrRefused()
    {
        var own = Dns.GetHostAddresses(Dns.GetHostName(), AddressFamily.InterNetwork)
            .Concat(NetworkInterface.GetAllNetworkInterfaces().SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address))
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address)).ToArray();
        var builder = Builder(
            ("Cluster:Provider", "postgres"), ("Cluster:AdvertisedAddress", "auto"), ("ConnectionStrings:orchestrator", "Host=nowhere"));
        try
        {
            builder.UseOrchestratorCluster(SiloRole.Control);
            using var host = builder.Build();
            var advertised = host.Services.GetRequiredService<IOptions<OrchestratorClusterOptions>>().Value.AdvertisedAddress;
            Assert.Contains(IPAddress.Parse(advertised), own);
        }
        catch (OptionsValidationException refused)
        {
            Assert.Empty(own);
            Assert.Contains("no IPv4 address besides loopback", refused.Message);
        }
    }

    [Fact]
    public void UseOrchestratorCluster_UnknownProvider_NamesTheChoices()
    {
        var error = Assert.Throws<OptionsValidationException>(() =>
            Builder(("Cluster:Provider", "zookeeper")).UseOrchestratorCluster(SiloRole.Control));
        Assert.Contains("embedded, postgres or redis", error.Message);
    }

    [Fact(Timeout = 90_000)]
    public async Task Embedded_AWorkerProcessJoins_AndReachesTheDispatcherOfTheFirst()
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-hosting-");
        await using var store = JobStores.Create(
            new JobStoreOptions { ConnectionString = $"Data Source={Path.Combine(folder.FullName, "jobs.db")}" }, TimeProvider.System);
        await store.InitializeAsync(CancellationToken.None);

        var first = Builder();
        first.UseOrchestratorCluster(SiloRole.ControlAndWorker);
        first.Services.AddSingleton(store).AddSingleton<IJobPlan, ToyPlan>().AddOrchestratorGrains();
        using var control = first.Build();
        await control.StartAsync();

        var port = control.Services.GetRequiredService<IOptions<OrchestratorClusterOptions>>().Value.SiloPort;
        var second = Builder(("Cluster:PrimarySiloPort", $"{port}"));
        second.UseOrchestratorCluster(SiloRole.Worker);
        using var worker = second.Build();
        await worker.StartAsync();

        var profile = worker.Services.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value;
        Assert.Equal((1d, 2d, 3), (profile.ProbeTimeout.TotalSeconds, profile.MaxProbeTimeout.TotalSeconds, profile.NumMissedProbesLimit));
        var silo = worker.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var agent = new FakeWorker(
            "w1", silo.ToParsableString(), worker.Services.GetRequiredService<IGrainFactory>().GetGrain<IDispatcherGrain>(IDispatcherGrain.DefaultPool));
        Assert.False((await agent.ExchangeAsync(1)).SendCapabilities);

        await worker.StopAsync();
        await control.StopAsync();
        folder.Delete(recursive: true);
    }

    private static HostApplicationBuilder Builder(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value));
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        return builder;
    }
}
