using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Selection;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Phase <c>decide</c>: finds the exact global cut of every rule by reading score columns, then counts what each part
/// keeps, so that output shards are contiguous ranges of the kept samples in input order. Memory does not grow with the pool.
/// </summary>
public sealed class DecideExecutor(AllowedRoots roots) : CurationExecutor(roots)
{
    /// <inheritdoc />
    public override string Phase => CurationPlan.Decide;

    /// <inheritdoc />
    protected override async Task<ShardOutcome> ExecuteAsync(ShardWork work, CurationWorkspace workspace, CancellationToken cancellationToken)
    {
        var parts = new List<ScoreManifest>();
        var indexes = new List<int>();
        await foreach (var committed in work.Committed.ReadAsync(CurationPlan.Score, cancellationToken))
        {
            indexes.Add(committed.Index);
            parts.Add(CurationJson.Read<ScoreManifest>(committed.Manifest));
        }

        if (DifferentModels(parts) is { } difference)
        {
            return ShardOutcome.Failed(FailureKind.Fatal, difference);
        }

        var decision = Decide(workspace, parts, indexes, cancellationToken);
        var folder = workspace.CreateAttempt(work.Lease);
        var plan = workspace.WriteFile(folder, "plan.json", "", stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(CurationJson.Write(decision))));
        var tally = new Dictionary<string, long>
        {
            [CurationPlan.OutputTarsTally] = decision.OutputTars,
            [CurationPlan.PartsTally] = decision.Parts.Count,
        };
        return ShardOutcome.Completed(CurationJson.ToOutput(new DecideManifest(plan), tally));
    }

    private static CurationDecision Decide(
        CurationWorkspace workspace, List<ScoreManifest> parts, List<int> indexes, CancellationToken cancellationToken)
    {
        var document = workspace.Document;
        var paths = parts.Select(p => workspace.PathOf(p.Scores)).ToList();
        var read = parts.Sum(p => p.Rows);
        var leaves = new List<DecidedLeaf>();
        foreach (var leaf in document.Select?.Leaves ?? [])
        {
            var cut = GlobalCut.Find(
                new ScorePartSource(paths, leaf.By), SelectVerdicts.CutRuleOf(leaf.Test, read), cancellationToken: cancellationToken);
            leaves.Add(new DecidedLeaf(leaf.By, leaf.Reason, cut));
        }

        var decided = new List<DecidedPart>(parts.Count);
        string? lastKey = null;
        var reader = new DecidedPartReader(document.Select, leaves);
        for (var i = 0; i < parts.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var kept = reader.CountKept(paths[i], i, ref lastKey, out var keyBefore);
            var part = parts[i];
            decided.Add(new DecidedPart(indexes[i], part.Source, part.SourceBytes, part.Rows, kept, keyBefore, part.Scores, part.Quarantine, part.Models, part.Damage));
        }

        var total = decided.Sum(p => p.Kept);
        var perShard = document.Output.SamplesPerShard;
        return new CurationDecision(read, total, perShard, checked((int)((total + perShard - 1) / perShard)), leaves, decided);
    }

    // A model folder that changed between two shards would mix two models' scores in one ranking.
    private static string? DifferentModels(List<ScoreManifest> parts)
    {
        foreach (var part in parts.Skip(1))
        {
            foreach (var (model, digest) in part.Models)
            {
                if (parts[0].Models.GetValueOrDefault(model) != digest)
                {
                    return $"stages: model '{model}': shard {parts[0].Source.Name} was scored with digest {parts[0].Models.GetValueOrDefault(model)} and shard "
                        + $"{part.Source.Name} with {digest}; give every worker the same model folder and submit the job again.";
                }
            }
        }

        return null;
    }
}
