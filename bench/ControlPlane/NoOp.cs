using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Bench.ControlPlane;

/// <summary>One phase of shards that do nothing.</summary>
internal sealed class NoOpPlan : IJobPlan
{
    public const string KindName = "noop";
    public const string Phase = "work";

    public string Kind => KindName;

    public IReadOnlyList<string> Phases { get; } = [Phase];

    public PhaseStep Next(string document, IReadOnlyList<PhaseSummary> finished) => new PhaseStep.End(JobState.Succeeded);
}

/// <summary>Does nothing.</summary>
internal sealed class NoOpExecutor : IShardExecutor
{
    private static readonly ShardOutcome Done = ShardOutcome.Completed(new ShardOutput("{}", new string('0', 64), new Dictionary<string, long> { ["done"] = 1 }));

    public string Kind => NoOpPlan.KindName;

    public string Phase => NoOpPlan.Phase;

    public Task<ShardOutcome> ExecuteAsync(ShardWork work, CancellationToken cancellationToken) => Task.FromResult(Done);

    public Task DiscardAsync(ShardWork work) => Task.CompletedTask;
}
