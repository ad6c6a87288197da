using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Jobs;
using Orchestrator.Inference;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>What the executors of curation's phases share: the workspace, and failures as values.</summary>
public abstract class CurationExecutor(AllowedRoots roots, string kind) : IShardExecutor
{
    /// <inheritdoc />
    public string Kind => kind;

    /// <inheritdoc />
    public abstract string Phase { get; }

    /// <summary>Folders that this worker may touch.</summary>
    protected AllowedRoots Roots => roots;

    /// <inheritdoc />
    public async Task<ShardOutcome> ExecuteAsync(ShardWork work, CancellationToken cancellationToken)
    {
        var output = "";
        try
        {
            if (CurationWorkspace.Open(work, roots, out var failure) is not { } workspace)
            {
                return ShardOutcome.Failed(failure!);
            }

            output = workspace.Output;
            return await ExecuteAsync(work, workspace, cancellationToken);
        }
        catch (ModelContractException e)
        {
            return ShardOutcome.Failed(FailureKind.Fatal, e.Message, e.ToString());
        }
        catch (InvalidDataException e)
        {
            return ShardOutcome.Failed(FailureKind.Fatal, e.Message, e.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ShardOutcome.Failed(
                FailureKind.Transient, $"{e.Message.TrimEnd('.')} (output folder {output}); check free space and permissions.", e.ToString());
        }
    }

    /// <inheritdoc />
    public Task DiscardAsync(ShardWork work)
    {
        try
        {
            CurationWorkspace.Open(work, roots, out _)?.DiscardAttempt(work.Lease);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // Left behind under .work, which nobody reads; publish or the next attempt removes it.
        }

        return Task.CompletedTask;
    }

    /// <summary>Does the shard.</summary>
    protected abstract Task<ShardOutcome> ExecuteAsync(ShardWork work, CurationWorkspace workspace, CancellationToken cancellationToken);

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
