using System.Security.Claims;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Submission;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>Finds jobs that the caller may see. The only way from an id in a URL to a row.</summary>
public sealed class JobReader(IJobStore store, DocumentPlanners planners)
{
    /// <summary>The job, or null where there is none or it belongs to another tenant.</summary>
    public async Task<JobRecord?> FindAsync(string id, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        JobId.TryParse(id, out var parsed)
        && await store.GetJobAsync(parsed, cancellationToken) is { } job
        && Caller.MaySee(user, job)
            ? job
            : null;

    /// <summary>The job with its counts.</summary>
    public async Task<JobDetail> DetailAsync(JobRecord job, CancellationToken cancellationToken) =>
        JobDetail.Of(job, await store.CountAsync(job.Id, cancellationToken), planners.PhasesOf(job.Kind));
}
