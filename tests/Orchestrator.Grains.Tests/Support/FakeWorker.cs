using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Tests.Support;

/// <summary>A worker agent without work: keeps to the exchange's rules, and does what the test says.</summary>
internal sealed class FakeWorker(string id, string silo, IDispatcherGrain dispatcher)
{
    private readonly List<ShardCompletion> completed = [];
    private readonly List<ShardFault> failed = [];
    private readonly List<LeaseRef> released = [];
    private long sequence;
    private bool introduced;

    public string Id => id;

    public string[] Kinds { get; init; } = ["toy"];

    public ModelInfo[] Models { get; init; } = [];

    /// <summary>How long each shard is said to have taken.</summary>
    public TimeSpan Elapsed { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Leases held.</summary>
    public List<LeaseRef> Running { get; } = [];

    /// <summary>Leases that were taken away and whose work has not ended yet.</summary>
    public List<LeaseRef> Ending { get; } = [];

    public ExchangeReply? LastReply { get; private set; }

    public WorkerMode Mode { get; private set; }

    public void Complete(LeaseRef lease)
    {
        Running.Remove(lease);
        completed.Add(Completion(lease) with { Elapsed = Elapsed });
    }

    public void Fail(LeaseRef lease, FailureKind kind, string? device = null)
    {
        Running.Remove(lease);
        failed.Add(new ShardFault(lease, kind, $"{kind} for the test", null, device));
    }

    /// <summary>It cannot go on: committed files of these shards are gone or changed.</summary>
    public void FailForSpoilt(LeaseRef lease, params SpoiltShard[] spoilt)
    {
        Running.Remove(lease);
        failed.Add(new ShardFault(lease, FailureKind.Transient, "spoilt for the test", null, "cpu", spoilt));
    }

    public void Release(LeaseRef lease)
    {
        Running.Remove(lease);
        released.Add(lease);
    }

    public void CompleteAll()
    {
        foreach (var lease in Running.ToArray())
        {
            Complete(lease);
        }
    }

    public static ShardCompletion Completion(LeaseRef lease) => new(
        lease, $$"""{"shard":{{lease.Index}}}""", $"{lease.Index:x64}", new Dictionary<string, long> { ["read"] = 1 }, TimeSpan.FromMilliseconds(1));

    /// <summary>One exchange. What was reported is forgotten only where the reply arrives.</summary>
    /// <param name="replyLost">The reply is thrown away on its way back.</param>
    public async Task<ExchangeReply> ExchangeAsync(int freeSlots = 0, bool replyLost = false)
    {
        var request = new ExchangeRequest(
            id,
            silo,
            [.. completed],
            [.. failed],
            [.. released],
            [.. Running],
            freeSlots,
            introduced ? null : new WorkerCapabilities("host", ["cpu"], 4, Kinds, Models, "1"),
            [],
            ++sequence,
            Mode,
            LastCordoned: LastReply?.CordonedDevices,
            Ending: Ending.Count > 0 ? [.. Ending] : null);
        var reply = await dispatcher.ExchangeAsync(request);
        if (replyLost)
        {
            return reply;
        }

        introduced = !reply.SendCapabilities;
        Mode = reply.Mode;
        completed.Clear();
        failed.Clear();
        released.Clear();
        Running.RemoveAll(reply.Stop.Contains);
        Running.AddRange(reply.Leases.Select(lease => lease.Lease));
        return LastReply = reply;
    }

    /// <summary>Works until the job ends, committing all it is given; waits for the store's events where there is nothing to do.</summary>
    public async Task WorkUntilAsync(Task end, int slots)
    {
        while (!end.IsCompleted)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            CompleteAll();
            var reply = await ExchangeAsync(slots);
            if (reply.Leases.Length == 0)
            {
                await Task.Yield();
            }
        }

        CompleteAll();
        await ExchangeAsync();
        await end;
    }
}
