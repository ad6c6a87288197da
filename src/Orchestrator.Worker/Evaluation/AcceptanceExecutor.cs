using Orchestrator.Data.Storage;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Tracing;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>What a committed shard of <c>acceptance</c> or <c>speed</c> says.</summary>
/// <param name="Cell">Id of the cell.</param>
/// <param name="Generations">Its generations.</param>
/// <param name="Baseline">Speed lane: the baseline's generations beside them; null in the acceptance lane.</param>
/// <param name="Device">Speed lane: what it was measured on; null in the acceptance lane.</param>
public sealed record LaneManifest(string Cell, AttemptFile Generations, AttemptFile? Baseline, DeviceFingerprint? Device);

/// <summary>Phase <c>acceptance</c>: a slice of prompts of one cell, counts only; no clock takes part.</summary>
public sealed class AcceptanceExecutor(JobStorage storage, LanguageShelf shelf, SpeedLane lane, TimeProvider time) : EvaluationExecutor(storage)
{
    /// <inheritdoc />
    public override string Phase => EvaluationPlan.Acceptance;

    /// <inheritdoc />
    protected override async Task<ShardOutcome> ExecuteAsync(ShardWork work, EvaluationWorkspace workspace, CancellationToken cancellationToken)
    {
        var slice = CellSlice.Parse(work.Payload);
        var document = workspace.Document;
        var cell = document.Cells[slice.Cell];
        var prompts = ReadSlice(document, slice);
        using var _ = await lane.EnterAsync(cancellationToken);
        var generator = new Generator(document, shelf, time);
        var (requests, failed, tokens) = (0L, 0L, 0L);
        var file = workspace.WriteFile(workspace.CreateAttempt(work.Lease), "generations.jsonl", "", stream =>
        {
            foreach (var generation in prompts.SelectMany(prompt => generator.Answer(prompt, cell, cancellationToken)))
            {
                GenerationJsonl.Write(stream, generation, timings: false);
                requests++;
                failed += generation.Trace.Outcome == RequestOutcome.Ok ? 0 : 1;
                tokens += generation.Output.Count;
            }
        });
        return ShardOutcome.Completed(CurationJson.ToOutput(
            new LaneManifest(cell.Id, file, null, null),
            new Dictionary<string, long>
            {
                [EvaluationPlan.PromptsTally] = slice.Count,
                [EvaluationPlan.RequestsTally] = requests,
                [EvaluationPlan.FailedRequestsTally] = failed,
                ["tokens"] = tokens,
            }));
    }
}
