using System.Text.Json;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Tests.Support;

/// <summary>Two phases, <c>first</c> and <c>second</c>; the document says how many shards each has.</summary>
internal sealed class ToyPlan : IJobPlan
{
    public string Kind => "toy";

    public IReadOnlyList<string> Phases => ["first", "second"];

    public static IReadOnlyList<ShardSpec> Shards(int count) =>
        [.. Enumerable.Range(0, count).Select(index => new ShardSpec(index, $$"""{"n":{{index}}}"""))];

    public PhaseStep Next(string document, IReadOnlyList<PhaseSummary> finished)
    {
        var last = finished[^1];
        if (last.Phase == "first")
        {
            var second = JsonDocument.Parse(document).RootElement.GetProperty("second").GetInt32();
            return last.Committed == 0 && last.Total > 0
                ? new PhaseStep.End(JobState.Failed, "Nothing was committed.")
                : new PhaseStep.Start("second", Shards(second));
        }

        return new PhaseStep.End(finished.Any(phase => phase.Failed + phase.Quarantined > 0) ? JobState.SucceededWithFailures : JobState.Succeeded);
    }
}
