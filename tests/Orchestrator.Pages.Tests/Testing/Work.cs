using Orchestrator.Api.Tests.Testing;
using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Pages.Tests.Testing;

/// <summary>A curation job taken to its end by a scripted worker, with figures that add up.</summary>
internal sealed class Work(ApiServer server, string worker = "worker-a")
{
    public ScriptedWorker Worker { get; } = new(server.Services, worker, new ModelInfo("clip-test", "clip", "5f0c1e", null));

    /// <summary>Counts of one scored shard: 100 samples.</summary>
    public static Dictionary<string, long> Scored => new()
    {
        ["read"] = 100, ["rejected"] = 30, ["rejected:basic-filter.minWords"] = 20, ["rejected:basic-filter.minSide"] = 10, ["quarantined"] = 5,
        ["quarantined:image-truncated"] = 5, ["candidates"] = 65,
    };

    /// <summary>Commits score shards.</summary>
    public async Task ScoreAsync(int shards)
    {
        foreach (var lease in await Worker.LeaseAsync(shards))
        {
            await Worker.CompleteAsync(lease, Scored);
        }
    }

    /// <summary>Does what follows the scoring of <paramref name="scored"/> shards; the next phase has two shards.</summary>
    public async Task FinishAsync(string job, int scored, string state = "succeeded")
    {
        await Worker.CompleteAsync((await Worker.LeaseAsync(1))[0], new() { ["plan.outputTars"] = 1, ["plan.parts"] = 1 });
        foreach (var lease in await Worker.LeaseAsync(2))
        {
            await Worker.CompleteAsync(lease);
        }

        await Worker.CompleteAsync(
            (await Worker.LeaseAsync(1))[0],
            new()
            {
                ["read"] = 100 * scored, ["kept"] = 40 * scored, ["rejected"] = 50 * scored, ["rejected:basic-filter.minWords"] = 20 * scored,
                ["rejected:basic-filter.minSide"] = 10 * scored, ["rejected:select.clip.topFraction"] = 20 * scored, ["duplicate"] = 5 * scored,
                ["quarantined"] = 5 * scored, ["quarantined:image-truncated"] = 5 * scored,
            },
            """{"models":{"clip-test":{"sha256":"5f0c1e"}}}""");
        await ServerEvents.WaitForStateAsync(server.Client, job, state);
    }
}
