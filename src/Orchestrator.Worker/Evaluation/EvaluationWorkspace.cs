using Orchestrator.Data.Storage;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>Where an evaluation's files are: everything below the output folder, attempts under <c>.work</c> on the same file system.</summary>
public sealed class EvaluationWorkspace
{
    private EvaluationWorkspace(EvaluationDocument document, string output) => (Document, Output) = (document, output);

    /// <summary>The job's document; its paths are absolute.</summary>
    public EvaluationDocument Document { get; }

    /// <summary>Absolute path of the output folder, links resolved.</summary>
    public string Output { get; }

    /// <summary>Folder that holds attempts.</summary>
    public string Work => Path.Combine(Output, CurationWorkspace.WorkFolder);

    /// <summary>Opens the workspace of a job, or says why its output path is refused.</summary>
    public static EvaluationWorkspace? Open(ShardWork work, AllowedRoots roots, out ShardFailure? failure)
    {
        var document = EvaluationParser.ParseCanonical(work.Order.Document);
        var output = roots.Resolve(document.Output ?? "", "output.path");
        failure = output.Ok ? null : new ShardFailure(FailureKind.Fatal, output.Fault!.ToString());
        return output.Ok ? new EvaluationWorkspace(document, output.Value) : null;
    }

    /// <summary>Makes the private folder of an attempt.</summary>
    public AttemptFolder CreateAttempt(LeaseKey lease) => AttemptFolder.Create(Work, lease.Shard.Phase, lease.Shard.Index, lease.Attempt);

    /// <summary>Deletes the private folder of an attempt.</summary>
    public void DiscardAttempt(LeaseKey lease)
    {
        var path = AttemptFolder.PathOf(Work, lease.Shard.Phase, lease.Shard.Index, lease.Attempt);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>Writes a file of an attempt, durable and digested; its path is relative to the output folder.</summary>
    public AttemptFile WriteFile(AttemptFolder folder, string name, string finalName, Action<Stream> write)
    {
        var path = folder.File(name);
        using var file = AtomicFile.Create(path);
        write(file.Stream);
        var digest = file.Commit();
        return new AttemptFile(finalName, Path.GetRelativePath(Output, path), digest.Bytes, digest.Sha256);
    }

    /// <summary>Absolute path of a committed attempt's file.</summary>
    public string PathOf(AttemptFile file) => Path.Combine(Output, file.Path);
}
