using Orchestrator.Data.Storage;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>The folder of a curation or selection job.</summary>
public sealed class CurationWorkspace : JobFolder
{
    private CurationWorkspace(CurationJob job, JobStorage storage, string output, JobId id, SpoolPins pins)
        : base(storage, output, id, pins) => Job = job;

    /// <summary>The job.</summary>
    public CurationJob Job { get; }

    /// <summary>Opens the workspace of a job, or says why its output path is refused.</summary>
    /// <exception cref="InvalidDataException">The scores of a selection are refused or gone.</exception>
    public static CurationWorkspace? Open(ShardWork work, JobStorage storage, out ShardFailure? failure)
    {
        var pins = new SpoolPins();
        try
        {
            var job = CurationJob.Parse(work.Order.Kind, work.Order.Document, storage, pins);
            var output = storage.Resolve(job.Output.Path, "output.path");
            failure = output.Ok ? null : new ShardFailure(FailureKind.Fatal, output.Fault!.ToString());
            return output.Ok ? new CurationWorkspace(job, storage, output.Value, work.Order.Id, pins) : null;
        }
        catch
        {
            pins.Dispose();
            throw;
        }
    }
}
