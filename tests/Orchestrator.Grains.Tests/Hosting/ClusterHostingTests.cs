using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Contracts.Placement;
using Orchestrator.Grains.Tests.Support;
using Orleans.Configuration;

namespace Orchestrator.Grains.Tests.Hosting;

public class ClusterHostingTests
{
    [Fact]
    public void UseOrchestratorCluster_SeveralMistakes_AreAllReported()
    {
        var builder = TwoSilos.Builder(
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
        var builder = TwoSilos.Builder(
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
            TwoSilos.Builder(("Cluster:Provider", "zookeeper")).UseOrchestratorCluster(SiloRole.Control));
        Assert.Contains("embedded, postgres or redis", error.Message);
    }

    [Fact(Timeout = 90_000)]
    public async Task Embedded_AWorkerProcessJoins_AndReachesTheDispatcherOfTheFirst()
    {
        await using var silos = await TwoSilos.StartAsync([], []);
        var profile = silos.Worker.Services.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value;
        Assert.Equal((1d, 2d, 3), (profile.ProbeTimeout.TotalSeconds, profile.MaxProbeTimeout.TotalSeconds, profile.NumMissedProbesLimit));
        Assert.False((await silos.Agent.ExchangeAsync(1)).SendCapabilities);
    }
}
