using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>Membership in Redis, jobs in PostgreSQL.</summary>
[Collection(OneAtATime.Name)]
public sealed class RedisTests
{
    /// <summary>The processes are there before Redis is; then a worker is killed, and its death is known by Redis alone.</summary>
    [Fact]
    public async Task RedisMembership_ProcessesWaitForItAndAKilledWorkerIsFound()
    {
        var installed = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "redis-server")));
        Assert.SkipUnless(installed, "redis-server is not here; install it with: sudo apt-get install redis-server");
        var port = FreePort();
        var starting = FaultCluster.StartAsync(new(2, 2, 2, new Dictionary<string, string>
        {
            ["Cluster:Provider"] = "redis",
            ["ConnectionStrings:redis"] = $"127.0.0.1:{port},connectTimeout=1000",
        }, Simulated: true));
        using var redis = Start(port);
        try
        {
            await using var cluster = await starting;
            Assert.All(cluster.Apis.Concat(cluster.Workers), member => Assert.Equal((1, 0), (member.Starts, member.OwnExits.Count)));
            var job = await cluster.SubmitAsync(ClusteredModeTests.Simulated(60, 300));
            await cluster.WhenCommittedAsync(4, TimeSpan.FromMinutes(1));
            await cluster.Workers[0].Process.KillAsync();
            Assert.Equal(JobState.Succeeded, (await cluster.WhenEndedAsync(job, TimeSpan.FromMinutes(3))).State);
            Assert.True(await cluster.ScalarAsync("SELECT count(*) FROM attempts WHERE outcome = 'lost'") > 0, "the killed worker held no shard, so the test proved nothing");
            Assert.Empty(HistoryChecker.Check(await History.ReadAsync(cluster.ConnectionString), 2));
        }
        finally
        {
            redis.Kill();
            await redis.WaitForExitAsync();
        }
    }

    private static Process Start(int port) => Process.Start(
        new ProcessStartInfo("redis-server", ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning"])
        {
            WorkingDirectory = Path.GetTempPath(),
        })!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
