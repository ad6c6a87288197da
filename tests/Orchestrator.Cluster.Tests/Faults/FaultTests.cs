using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>
/// Random faults over real processes. The long campaign: <c>ORCHESTRATOR_FAULTS=20x10</c> (runs x faults), the first seed in
/// <c>ORCHESTRATOR_SEED</c>, no new run after <c>ORCHESTRATOR_MINUTES</c>; it prints its seeds, and a seed printed once gives the
/// same schedule again.
/// </summary>
[Collection(OneAtATime.Name)]
public sealed class FaultTests
{
    private const int Slots = 2;

    private static readonly ClusterShape Shape = new(Apis: 2, Workers: 3, Slots, new Dictionary<string, string>
    {
        // Which faults may quarantine a shard is another test's question; here workers are killed on purpose.
        ["Dispatch:MaxWorkerDeaths"] = "100",
        ["Simulation:LateShare"] = "0.1",
        ["Simulation:LateBy"] = "00:00:00.300",
        ["Simulation:DuplicateShare"] = "0.2",
    }, Namespace: true);

    [Fact]
    public async Task ShortCampaign_LosesNothingAndChangesNoByte() => await CampaignAsync(runs: 1, faults: 4, seed: 4);

    [Fact]
    public async Task LongCampaign_LosesNothingAndChangesNoByte()
    {
        var asked = Environment.GetEnvironmentVariable("ORCHESTRATOR_FAULTS")?.Split('x');
        Assert.SkipWhen(asked is null, "takes half an hour: ORCHESTRATOR_FAULTS=20x10 runs it");
        var seed = long.Parse(Environment.GetEnvironmentVariable("ORCHESTRATOR_SEED") ?? "1000", CultureInfo.InvariantCulture);
        await CampaignAsync(int.Parse(asked[0], CultureInfo.InvariantCulture), int.Parse(asked[1], CultureInfo.InvariantCulture), seed);
    }

    /// <summary>
    /// The same checker over the same cluster without its fence: it must see that a shard is committed by an attempt that has
    /// had a successor. Completions arrive a second late, by when that successor has ended.
    /// </summary>
    [Fact]
    public async Task SabotagedControlPlane_IsFoundOut()
    {
        await using var cluster = await FaultCluster.StartAsync(new(1, 2, Slots, new Dictionary<string, string>
        {
            ["Simulation:Fencing"] = "false",
            ["Simulation:LateShare"] = "0.5",
            ["Simulation:LateBy"] = "00:00:01",
        }, Simulated: true));
        var job = await cluster.SubmitAsync(JsonNode.Parse("""{ "kind": "simulated", "name": "sabotage", "shards": 200, "milliseconds": 50 }""")!.AsObject());
        await Wait.UntilAsync(async () => (await cluster.JobAsync(job)).State.IsTerminal(), TimeSpan.FromMinutes(2));
        var wrong = HistoryChecker.Check(await History.ReadAsync(cluster.ConnectionString), Slots);
        Assert.Contains(wrong, each => each.Contains("although the last one granted", StringComparison.Ordinal) || each.Contains("committed 2 times", StringComparison.Ordinal));
    }

    private static async Task CampaignAsync(int runs, int faults, long seed)
    {
        await using var cluster = await FaultCluster.StartAsync(Shape);
        var campaign = new Campaign(cluster, Print);
        await campaign.PrepareAsync();
        var watch = Stopwatch.StartNew();
        var limit = int.TryParse(Environment.GetEnvironmentVariable("ORCHESTRATOR_MINUTES"), out var minutes) ? TimeSpan.FromMinutes(minutes) : TimeSpan.MaxValue;
        for (var run = 0; run < runs && watch.Elapsed < limit; run++)
        {
            await campaign.RunAsync(seed + run, faults);
        }

        var wrong = await campaign.FinishAsync(Slots);
        Assert.Empty(wrong);
    }

    private static void Print(string line)
    {
        Console.WriteLine(line);
        TestContext.Current.TestOutputHelper?.WriteLine(line);
    }
}
