using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orleans.Runtime;

namespace Orchestrator.Api.Tests.Testing;

/// <summary>A worker that does what a test says: it talks to the dispatcher as a real one does, and works on nothing.</summary>
internal sealed class ScriptedWorker(IServiceProvider services, string id, params ModelInfo[] models)
{
    private readonly IDispatcherGrain dispatcher =
        services.GetRequiredService<IGrainFactory>().GetGrain<IDispatcherGrain>(IDispatcherGrain.DefaultPool);

    private readonly string silo = services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToParsableString();
    private readonly List<LeaseRef> running = [];

    public string Id => id;

    public Task<ExchangeReply> AnnounceAsync() => ExchangeAsync();

    /// <summary>Asks until the dispatcher has given <paramref name="count"/> shards: a job that was just stored may not be known to it yet.</summary>
    public async Task<IReadOnlyList<ShardLease>> LeaseAsync(int count)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var leases = new List<ShardLease>();
        while (leases.Count < count)
        {
            timeout.Token.ThrowIfCancellationRequested();
            var reply = await ExchangeAsync(freeSlots: count - leases.Count);
            leases.AddRange(reply.Leases);
            running.AddRange(reply.Leases.Select(l => l.Lease));
        }

        return leases;
    }

    public Task<ExchangeReply> CompleteAsync(ShardLease lease, Dictionary<string, long>? tally = null, string manifest = "{}")
    {
        running.Remove(lease.Lease);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(manifest)));
        return ExchangeAsync(completed: [new ShardCompletion(lease.Lease, manifest, digest, tally ?? [], TimeSpan.FromSeconds(1))]);
    }

    public Task<ExchangeReply> FailAsync(ShardLease lease, string message)
    {
        running.Remove(lease.Lease);
        return ExchangeAsync(failed: [new ShardFault(lease.Lease, FailureKind.Fatal, message, null)]);
    }

    private async Task<ExchangeReply> ExchangeAsync(ShardCompletion[]? completed = null, ShardFault[]? failed = null, int freeSlots = 0) =>
        await dispatcher.ExchangeAsync(new ExchangeRequest(
            id, silo, completed ?? [], failed ?? [], [], [.. running], freeSlots,
            new WorkerCapabilities("host-a", ["cpu"], 4, ["curation"], models, "1.0"), []));
}
