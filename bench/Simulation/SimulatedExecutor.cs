using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using Orchestrator.Domain.Jobs;
using Orchestrator.Simulation.Faults;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Simulation;

/// <summary>Lets the time of a shard pass, or dies of it.</summary>
internal sealed class SimulatedExecutor(TimeProvider time, IConfiguration configuration) : IShardExecutor
{
    private readonly string? folder = configuration[$"{FaultSettings.Section}:{nameof(FaultSettings.Folder)}"];

    public string Kind => SimulatedDocument.Kind;

    public string Phase => SimulatedDocument.Phase;

    public async Task<ShardOutcome> ExecuteAsync(ShardWork work, CancellationToken cancellationToken)
    {
        var document = SimulatedDocument.Parse(work.Order.Document);
        var index = work.Lease.Shard.Index;
        if (document.Poison?.Contains(index) == true && (folder is null || !File.Exists(Path.Combine(folder, "healed"))))
        {
            // As a native crash does it: at once and without a word.
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }

        if (document.Milliseconds > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(document.Milliseconds), time, cancellationToken);
        }

        var manifest = string.Create(CultureInfo.InvariantCulture, $$"""{"shard":{{index}}}""");
        return ShardOutcome.Completed(new ShardOutput(
            manifest, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(manifest))), new Dictionary<string, long> { ["done"] = 1 }));
    }

    public Task DiscardAsync(ShardWork work) => Task.CompletedTask;
}
