using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Tracing;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>Phase <c>acceptance</c>: a slice of prompts of one cell, counts only; no clock takes part.</summary>
public sealed class AcceptanceExecutor(
    JobStorage storage, LanguageShelf shelf, SpeedLane lane, EvaluationInstruments instruments, TimeProvider time) : EvaluationExecutor(storage)
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
        using var records = new MemoryStream();
        IGenerator generator = document.IsReplay
            ? new ReplayGenerator(document, ReadRecord(document).Requests, shelf, time)
            : new Generator(document, shelf, time, instruments) { Watched = true, OnRecorded = document.Record ? request => RecordsJsonl.Write(records, request) : null };
        var (requests, failed, tokens) = (0L, 0L, 0L);
        var folder = workspace.CreateAttempt(work.Lease);
        var file = workspace.WriteFile(folder, "generations.jsonl", "", stream =>
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
            new LaneManifest(cell.Id) { Generations = file, Record = records.Length == 0 ? null : workspace.WriteFile(folder, "record.jsonl", "", records.WriteTo) },
            new Dictionary<string, long>
            {
                [EvaluationPlan.PromptsTally] = slice.Count,
                [EvaluationPlan.RequestsTally] = requests,
                [EvaluationPlan.FailedRequestsTally] = failed,
                ["tokens"] = tokens,
            }));
    }
}
