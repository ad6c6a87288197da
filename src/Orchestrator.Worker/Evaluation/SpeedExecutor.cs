using Orchestrator.Data.Storage;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>
/// Phase <c>speed</c>: the baseline and one method in one process and engine, prompt by prompt, the first of the two changing
/// with every prompt, after both are warm. Alone among this process's evaluation work. The shard of a baseline measures what a
/// forward of the target costs by its rows.
/// </summary>
public sealed class SpeedExecutor(
    JobStorage storage, LanguageShelf shelf, SpeedLane lane, EvaluationInstruments instruments, TimeProvider time) : EvaluationExecutor(storage)
{
    /// <summary>Generations of each arm that are thrown away first.</summary>
    private const int WarmUps = 3;

    /// <inheritdoc />
    public override string Phase => EvaluationPlan.Speed;

    /// <inheritdoc />
    protected override async Task<ShardOutcome> ExecuteAsync(ShardWork work, EvaluationWorkspace workspace, CancellationToken cancellationToken)
    {
        var slice = CellSlice.Parse(work.Payload);
        var document = workspace.Document;
        var cell = document.Cells[slice.Cell];
        var baseline = EvaluationCell.Of(document, new BaselineOptions(), cell.Sampling);
        var prompts = ReadSlice(document, slice);
        using var alone = await lane.EnterAloneAsync(cancellationToken);
        if (cell.Method is BaselineOptions)
        {
            return ShardOutcome.Completed(CurationJson.ToOutput(
                new LaneManifest(cell.Id) { Curve = CostCurve.Measure(shelf.Decoder(document.Target), time, cancellationToken), Device = Device() },
                new Dictionary<string, long>()));
        }

        var generator = new Generator(document, shelf, time, instruments);
        (EvaluationCell Cell, List<Generation> Kept)[] arms =
        [
            (baseline, []),
            (cell, []),
        ];
        for (var i = 0; i < WarmUps; i++)
        {
            foreach (var arm in arms)
            {
                generator.Answer(prompts[i % prompts.Count], arm.Cell, cancellationToken).Count();
            }
        }

        foreach (var (index, prompt) in prompts.Index())
        {
            foreach (var arm in index % 2 == 0 ? arms : [arms[1], arms[0]])
            {
                arm.Kept.AddRange(generator.Answer(prompt, arm.Cell, cancellationToken));
            }
        }

        var folder = workspace.CreateAttempt(work.Lease);
        var first = Write("baseline.jsonl", arms[0].Kept);
        var second = Write("generations.jsonl", arms[1].Kept);
        return ShardOutcome.Completed(CurationJson.ToOutput(
            new LaneManifest(cell.Id) { Generations = second, Baseline = first, Device = Device() },
            new Dictionary<string, long> { [EvaluationPlan.RequestsTally] = arms.Sum(arm => arm.Kept.Count) }));

        DeviceFingerprint Device() => DeviceFingerprint.Of(shelf.Decoder(document.Target).Provider);

        AttemptFile Write(string name, List<Generation> generations) => workspace.WriteFile(folder, name, "", stream =>
            generations.ForEach(generation => GenerationJsonl.Write(stream, generation, timings: true)));
    }
}
