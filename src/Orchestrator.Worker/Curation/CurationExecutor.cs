using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>What the executors of curation's phases share.</summary>
public abstract class CurationExecutor(JobStorage storage, string kind) : FolderExecutor<CurationWorkspace>(kind)
{
    /// <summary>Everything this worker may touch.</summary>
    protected JobStorage Storage => storage;

    /// <inheritdoc />
    protected override IReadOnlyList<string> Reads =>
        [.. (Kind == SelectionDocument.Kind ? new SelectionPlan().Phases : new CurationPlan().Phases).TakeWhile(phase => phase != Phase)];

    /// <inheritdoc />
    protected override CurationWorkspace? Open(ShardWork work, out ShardFailure? failure) => CurationWorkspace.Open(work, storage, out failure);

    /// <summary>Reads the decision that the job's <c>decide</c> phase committed.</summary>
    protected static async Task<CurationDecision> ReadDecisionAsync(ShardWork work, CurationWorkspace workspace, CancellationToken cancellationToken)
    {
        await foreach (var committed in work.Committed.ReadAsync(CurationPlan.Decide, cancellationToken))
        {
            var manifest = CurationJson.Read<DecideManifest>(committed.Manifest);
            return CurationJson.Read<CurationDecision>(await File.ReadAllTextAsync(workspace.PathOf(manifest.Plan), cancellationToken));
        }

        throw new InvalidDataException("The decide phase has no committed shard, although the write phase has begun.");
    }
}
