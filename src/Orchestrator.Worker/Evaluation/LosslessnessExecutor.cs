using System.Text.Json;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>
/// Phase <c>losslessness</c>: independent answers to one prompt, a few tokens each, through the same engine, drafters and
/// verifiers as everything else. The report compares them with the target's own law.
/// </summary>
public sealed class LosslessnessExecutor(
    JobStorage storage, LanguageShelf shelf, SpeedLane lane, EvaluationInstruments instruments, TimeProvider time) : EvaluationExecutor(storage)
{
    /// <summary>Jobs whose choice is kept.</summary>
    private const int MostChosen = 64;

    /// <summary>The choice depends on the document and the target alone, so any worker may make it; it is made once a process and job.</summary>
    private readonly MadeOnce<JobId, (EvaluationPrompt Prompt, SamplingOptions Sampling)> chosen = new();

    /// <summary>Tally: draws made.</summary>
    public const string DrawsTally = "draws";

    /// <inheritdoc />
    public override string Phase => EvaluationPlan.Losslessness;

    /// <inheritdoc />
    protected override async Task<ShardOutcome> ExecuteAsync(ShardWork work, EvaluationWorkspace workspace, CancellationToken cancellationToken)
    {
        var slice = CellSlice.Parse(work.Payload);
        var document = workspace.Document;
        var cell = document.Cells[slice.Cell];
        var prompts = ReadPrompts(document);
        var tokens = EvaluationPlan.TokensOfDraws(document);
        using var _ = await lane.EnterAsync(cancellationToken);
        var generator = new Generator(document, shelf, time, instruments);
        chosen.Bound(MostChosen);
        var (prompt, sampling) = chosen.Get(work.Lease.Shard.Job, _ => generator.ForDraws(prompts, tokens));
        var drawn = cell with { Sampling = new(sampling, document.Seed, 1) };
        var file = workspace.WriteFile(workspace.CreateAttempt(work.Lease), "draws.jsonl", "", stream =>
        {
            for (var draw = slice.From; draw < slice.From + slice.Count; draw++)
            {
                JsonSerializer.Serialize(stream, generator.Draw(prompt, drawn, draw, tokens, cancellationToken));
                stream.WriteByte((byte)'\n');
            }
        });
        return ShardOutcome.Completed(CurationJson.ToOutput(
            new LaneManifest(cell.Id) { Draws = file }, new Dictionary<string, long> { [DrawsTally] = slice.Count }));
    }
}
