using System.Diagnostics;
using System.Globalization;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Simulation.Faults;

/// <summary>An executor on storage that can be switched to fail or to be slow, and with shards that can be switched to kill.</summary>
internal sealed class FaultyExecutor(IShardExecutor inner, string folder, TimeProvider time) : IShardExecutor
{
    private const int InputOutputError = 5;

    public string Kind => inner.Kind;

    public string Phase => inner.Phase;

    public async Task<ShardOutcome> ExecuteAsync(ShardWork work, CancellationToken cancellationToken)
    {
        var shard = work.Lease.Shard;
        if (File.Exists(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"poison-{shard.Phase}-{shard.Index}"))))
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }

        var outcome = await inner.ExecuteAsync(work, cancellationToken);
        var slow = Path.Combine(folder, "storage-slow");
        if (File.Exists(slow) && int.TryParse(await File.ReadAllTextAsync(slow, cancellationToken), out var milliseconds))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, cancellationToken);
        }

        return outcome.Output is not null && File.Exists(Path.Combine(folder, "storage-fails"))
            ? ShardOutcome.Failed(StorageTrouble.KindOf(new IOException("Input/output error", InputOutputError)), "Input/output error, switched on by the test.")
            : outcome;
    }

    public Task DiscardAsync(ShardWork work) => inner.DiscardAsync(work);
}
