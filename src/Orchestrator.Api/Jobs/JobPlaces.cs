using Orchestrator.Api.Submission;
using Orchestrator.Data.Storage;
using Orchestrator.Grains.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>Clears up behind jobs in their output folders, under their tenants' roots. Safe for concurrent use.</summary>
internal sealed class JobPlaces(StoragePaths storage) : IJobPlaces
{
    /// <exception cref="InvalidDataException">The output is refused now: a link on the way was changed, or the roots were.</exception>
    public Task ClearAsync(JobRecord job, CancellationToken cancellationToken) => job.OutputKey is not { } output
        ? Task.CompletedTask
        : StoragePaths.RunAsync(() =>
        {
            var own = storage.For(job.Tenant).Storage;
            var resolved = own.Resolve(output, "output.path");
            if (!resolved.Ok)
            {
                throw new InvalidDataException(resolved.Fault!.ToString());
            }

            own.Of(resolved.Value).OpenOutput(resolved.Value, job.Id.Value).Clear();
        });
}
