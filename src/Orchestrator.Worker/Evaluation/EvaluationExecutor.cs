using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>What the executors of an evaluation's phases share: the prompts.</summary>
public abstract class EvaluationExecutor(JobStorage storage) : FolderExecutor<EvaluationWorkspace>(EvaluationDocument.Kind)
{
    /// <inheritdoc />
    protected override IReadOnlyList<string> Reads => [.. new EvaluationPlan().Phases.TakeWhile(phase => phase != Phase)];

    /// <inheritdoc />
    protected override EvaluationWorkspace? Open(ShardWork work, out ShardFailure? failure) => EvaluationWorkspace.Open(work, storage, out failure);

    /// <summary>The document's prompts.</summary>
    /// <exception cref="InvalidDataException">The file is missing or broken; the message names line and remedy.</exception>
    protected IReadOnlyList<EvaluationPrompt> ReadPrompts(EvaluationDocument document)
    {
        if (document.IsReplay)
        {
            return ReadRecord(document).Prompts;
        }

        var prompts = PromptsJsonl.Read(PathOf(document), Query(document));
        return prompts.Ok ? prompts.Value : throw new InvalidDataException(prompts.Fault!.ToString());
    }

    /// <summary>The record that a replay answers from.</summary>
    /// <exception cref="InvalidDataException">The file is missing or broken; the message names line and remedy.</exception>
    protected RecordedPrompts ReadRecord(EvaluationDocument document)
    {
        var record = RecordsJsonl.Read(PathOf(document), Query(document));
        return record.Ok ? record.Value : throw new InvalidDataException(record.Fault!.ToString());
    }

    private static EvaluationPromptsQuery Query(EvaluationDocument document) =>
        new(document.Prompts.Format == "spec-bench", document.Prompts.Limit, document.Prompts.Categories);

    private string PathOf(EvaluationDocument document)
    {
        var path = storage.Roots.Resolve(document.Prompts.Path, "prompts.path");
        return path.Ok ? path.Value : throw new InvalidDataException(path.Fault!.ToString());
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
