using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Inference;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>What the executors of an evaluation's phases share: the workspace, the prompts, and failures as values.</summary>
public abstract class EvaluationExecutor(AllowedRoots roots) : IShardExecutor
{
    /// <inheritdoc />
    public string Kind => EvaluationDocument.Kind;

    /// <inheritdoc />
    public abstract string Phase { get; }

    /// <inheritdoc />
    public async Task<ShardOutcome> ExecuteAsync(ShardWork work, CancellationToken cancellationToken)
    {
        if (EvaluationWorkspace.Open(work, roots, out var failure) is not { } workspace)
        {
            return ShardOutcome.Failed(failure!);
        }

        try
        {
            return await ExecuteAsync(work, workspace, cancellationToken);
        }
        catch (Exception e) when (e is ModelContractException or InvalidDataException)
        {
            return ShardOutcome.Failed(FailureKind.Fatal, e.Message, e.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ShardOutcome.Failed(
                FailureKind.Transient, $"{e.Message.TrimEnd('.')} (output folder {workspace.Output}); check free space and permissions.", e.ToString());
        }
    }

    /// <inheritdoc />
    public Task DiscardAsync(ShardWork work)
    {
        try
        {
            EvaluationWorkspace.Open(work, roots, out _)?.DiscardAttempt(work.Lease);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Left behind under .work, which nobody reads; the report removes it.
        }

        return Task.CompletedTask;
    }

    /// <summary>Does the shard.</summary>
    protected abstract Task<ShardOutcome> ExecuteAsync(ShardWork work, EvaluationWorkspace workspace, CancellationToken cancellationToken);

    /// <summary>The document's prompts.</summary>
    /// <exception cref="InvalidDataException">The file is missing or broken; the message names line and remedy.</exception>
    protected IReadOnlyList<EvaluationPrompt> ReadPrompts(EvaluationDocument document)
    {
        var path = roots.Resolve(document.Prompts.Path, "prompts.path");
        if (!path.Ok)
        {
            throw new InvalidDataException(path.Fault!.ToString());
        }

        var prompts = PromptsJsonl.Read(path.Value, new(document.Prompts.Format == "spec-bench", document.Prompts.Limit, document.Prompts.Categories));
        return prompts.Ok ? prompts.Value : throw new InvalidDataException(prompts.Fault!.ToString());
    }

    /// <summary>The prompts of a slice.</summary>
    /// <exception cref="InvalidDataException">The file has changed since the job was submitted.</exception>
    protected IReadOnlyList<EvaluationPrompt> ReadSlice(EvaluationDocument document, CellSlice slice)
    {
        var prompts = ReadPrompts(document);
        return slice.From + slice.Count <= prompts.Count
            ? [.. prompts.Skip(slice.From).Take(slice.Count)]
            : throw new InvalidDataException($"prompts.path: {document.Prompts.Path} had at least {slice.From + slice.Count} prompts when the job was submitted and has {prompts.Count} now; submit it again.");
    }
}
