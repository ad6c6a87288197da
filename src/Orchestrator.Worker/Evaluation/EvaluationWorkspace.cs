using Orchestrator.Data.Storage;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>The folder of an evaluation.</summary>
public sealed class EvaluationWorkspace : JobFolder
{
    private EvaluationWorkspace(EvaluationDocument document, JobStorage storage, string output, JobId job)
        : base(storage, output, job, new SpoolPins()) => Document = document;

    /// <summary>The job's document; its paths are absolute.</summary>
    public EvaluationDocument Document { get; }

    /// <summary>Opens the workspace of a job, or says why its output path is refused.</summary>
    public static EvaluationWorkspace? Open(ShardWork work, JobStorage storage, out ShardFailure? failure)
    {
        var document = EvaluationParser.ParseCanonical(work.Order.Document);
        var output = storage.Resolve(document.Output ?? "", "output.path");
        failure = output.Ok ? null : new ShardFailure(FailureKind.Fatal, output.Fault!.ToString());
        return output.Ok ? new EvaluationWorkspace(document, storage, output.Value, work.Order.Id) : null;
    }
}
