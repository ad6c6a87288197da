using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Phase <c>decide</c> of a selection: takes the score parts that a curation job published and decides over them again. What
/// stages rejected, what was set aside and what is a duplicate stays so.
/// </summary>
public sealed class SelectionDecideExecutor(AllowedRoots roots) : CurationExecutor(roots, SelectionDocument.Kind)
{
    /// <inheritdoc />
    public override string Phase => CurationPlan.Decide;

    /// <inheritdoc />
    protected override Task<ShardOutcome> ExecuteAsync(ShardWork work, CurationWorkspace workspace, CancellationToken cancellationToken)
    {
        var from = workspace.Job.From!;
        var models = ModelsOf(from);
        var parts = from.Parts.Select((path, i) => Part(workspace.Job, path, i == 0 ? QuarantineOf(from) : null, models)).ToList();
        return Task.FromResult(new PoolDecision(workspace, workspace.CreateAttempt(work.Lease), Roots).Run(
            parts, [.. Enumerable.Range(0, parts.Count)], cancellationToken));
    }

    private ScoreManifest Part(CurationJob job, string path, AttemptFile? quarantine, SortedDictionary<string, string> models)
    {
        using var reader = ScorePartReader.OpenOrThrow(path);
        if (!reader.Schema.Signals.SequenceEqual(job.Signals) || !reader.Schema.Tags.SequenceEqual(job.Tags))
        {
            throw new InvalidDataException($"from: {path} has other columns than the first part; give a folder that one job wrote.");
        }

        var name = reader.ReadColumns(ScoreColumn.Shard).FirstOrDefault()?.Text(ScoreColumn.Shard)[0] ?? "";
        var source = new ScorePayload("", name);
        var bytes = 0L;
        if (reader.Rows > 0)
        {
            var resolved = Roots.Resolve(name, "inputBase", job.InputBase);
            if (!resolved.Ok)
            {
                throw new InvalidDataException(resolved.Fault!.ToString());
            }

            var file = new FileInfo(resolved.Value);
            bytes = file.Exists
                ? file.Length
                : throw new InvalidDataException($"from: the scored shard {name} is not below {job.InputBase}; set inputBase to the folder that its path starts from.");
            source = new ScorePayload(resolved.Value, name);
        }

        var scores = new FileInfo(path);
        return new ScoreManifest(source, bytes, reader.Rows, new AttemptFile("", path, scores.Length, ""), quarantine, [], models, null, []);
    }

    private static AttemptFile? QuarantineOf(ScoreFolder from)
    {
        var file = new FileInfo(Path.Combine(from.Output, "quarantine.jsonl"));
        return file.Exists ? new AttemptFile("", file.FullName, file.Length, "") : null;
    }

    private static SortedDictionary<string, string> ModelsOf(ScoreFolder from)
    {
        var path = Path.Combine(from.Output, "manifest.json");
        var models = File.Exists(path) && OutputManifest.Read(File.ReadAllBytes(path), path) is { Ok: true } read
            ? read.Value.Models
            : new Dictionary<string, string>();
        return new(models.ToDictionary(), StringComparer.Ordinal);
    }
}
