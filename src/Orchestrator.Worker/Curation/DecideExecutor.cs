using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>Phase <c>decide</c> of a curation: dedup, exact cuts and output ranges over the committed score parts.</summary>
public sealed class DecideExecutor(JobStorage storage) : CurationExecutor(storage, CurationDocument.Kind)
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

        return new PoolDecision(workspace, workspace.CreateAttempt(work.Lease)).Run(parts, indexes, cancellationToken);
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
                        + $"{part.Source.Name} with {digest}; give every worker the same models and lists, leave them alone while a job runs, and submit the job again.";
                }
            }
        }

        return null;
    }
}
