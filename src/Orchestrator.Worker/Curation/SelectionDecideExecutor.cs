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
public sealed class SelectionDecideExecutor(JobStorage storage) : CurationExecutor(storage, SelectionDocument.Kind)
{
    /// <inheritdoc />
    public override string Phase => CurationPlan.Decide;

    /// <inheritdoc />
    protected override Task<ShardOutcome> ExecuteAsync(ShardWork work, CurationWorkspace workspace, CancellationToken cancellationToken)
    {
        var from = workspace.Job.From!;
        var models = ModelsOf(from);
        var parts = from.Parts.Select((path, i) => Part(workspace, path, i == 0 ? QuarantineOf(from) : null, models)).ToList();
        return Task.FromResult(new PoolDecision(workspace, workspace.CreateAttempt(work.Lease)).Run(
            parts, [.. Enumerable.Range(0, parts.Count)], cancellationToken));
    }

    private ScoreManifest Part(CurationWorkspace workspace, string path, AttemptFile? quarantine, SortedDictionary<string, string> models)
    {
        var job = workspace.Job;
        var local = Storage.Fetch(path, workspace.Pins);
        using var reader = ScorePartReader.OpenOrThrow(local);
        if (!reader.Schema.Signals.SequenceEqual(job.Signals) || !reader.Schema.Tags.SequenceEqual(job.Tags))
        {
            throw new InvalidDataException($"from: {path} has other columns than the first part; give a folder that one job wrote.");
        }

        var name = reader.ReadColumns(ScoreColumn.Shard).FirstOrDefault()?.Text(ScoreColumn.Shard)[0] ?? "";
        var source = new ScorePayload("", name);
        var bytes = 0L;
        if (reader.Rows > 0)
        {
            var resolved = Storage.Resolve(name, "inputBase", job.InputBase);
            if (!resolved.Ok)
            {
                throw new InvalidDataException(resolved.Fault!.ToString());
            }

            var file = Storage.Stat(resolved.Value)
                ?? throw new InvalidDataException($"from: the scored shard {name} is not below {job.InputBase}; set inputBase to the folder that its path starts from.");
            bytes = file.Bytes;
            source = new ScorePayload(resolved.Value, name, file.Version);
        }

        return new ScoreManifest(source, bytes, reader.Rows, new AttemptFile("", path, new FileInfo(local).Length, ""), quarantine, [], models, null, []);
    }

    private AttemptFile? QuarantineOf(ScoreFolder from) =>
        Storage.Stat(JobStorage.Combine(from.Output, "quarantine.jsonl")) is { } file ? new AttemptFile("", file.Path, file.Bytes, "") : null;

    private SortedDictionary<string, string> ModelsOf(ScoreFolder from)
    {
        var path = JobStorage.Combine(from.Output, OutputManifest.FileName);
        var models = Storage.ReadAll(path) is { } bytes && OutputManifest.Read(bytes, path) is { Ok: true } read
            ? read.Value.Models
            : new Dictionary<string, string>();
        return new(models.ToDictionary(), StringComparer.Ordinal);
    }
}
