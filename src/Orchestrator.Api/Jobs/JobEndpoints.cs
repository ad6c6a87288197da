using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary><c>GET /jobs</c>, <c>GET /jobs/{id}</c>, <c>DELETE /jobs/{id}</c>.</summary>
internal static class JobEndpoints
{
    private const int MaxLimit = 200;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/jobs", ListAsync)
            .WithName("ListJobs").WithTags("Jobs").RequireAuthorization(Roles.Reader)
            .WithSummary("Jobs, newest first.").ProducesProblem(400);
        api.MapGet("/jobs/{id}", GetAsync)
            .WithName("GetJob").WithTags("Jobs").RequireAuthorization(Roles.Reader)
            .WithSummary("One job: state, progress of its phases, document.").ProducesProblem(404);
        api.MapDelete("/jobs/{id}", DeleteAsync)
            .WithName("DeleteJob").WithTags("Jobs").RequireAuthorization(Roles.Submitter)
            .WithSummary("Forgets a job that has ended: its rows, shards, attempts and events. Its output folder stays.")
            .ProducesProblem(404).ProducesProblem(409);
    }

    /// <summary>A page of the jobs that the caller may see.</summary>
    public static async Task<Results<Ok<Page<JobSummary>>, ProblemHttpResult>> ListAsync(
        ClaimsPrincipal user, JobReader jobs, IJobStore store, CancellationToken cancellationToken,
        string? kind = null, string? state = null, string? tenant = null, string? cursor = null, int limit = 50)
    {
        JobState? wanted = null;
        if (state is not null)
        {
            if (!WireNames.TryParse<JobState>(state, out var parsed))
            {
                return Problems.Malformed($"state '{state}' is not one of: {string.Join(", ", WireNames.All<JobState>())}.");
            }

            wanted = parsed;
        }

        JobId? before = null;
        if (cursor is not null)
        {
            if (await jobs.FindAsync(cursor, user, cancellationToken) is not { } last)
            {
                return Problems.Malformed($"cursor '{cursor}' is unknown: use nextCursor of the page before, or leave it out to start again.");
            }

            before = last.Id;
        }

        if (limit is < 1 or > MaxLimit)
        {
            return Problems.Malformed($"limit is {limit}; give 1 to {MaxLimit}.");
        }

        if (Caller.TenantOf(user) is { } own)
        {
            if (tenant is not null && tenant != own)
            {
                return TypedResults.Ok(new Page<JobSummary>([], null));
            }

            tenant = own;
        }

        // One more than asked for tells whether there is a next page.
        var found = await store.ListJobsAsync(new JobQuery(kind, wanted, tenant, before, limit + 1), cancellationToken);
        var page = found.Take(limit).Select(JobSummary.Of).ToList();
        return TypedResults.Ok(new Page<JobSummary>(page, found.Count > limit ? page[^1].Id : null));
    }

    private static async Task<Results<Ok<JobDetail>, ProblemHttpResult>> GetAsync(
        string id, ClaimsPrincipal user, JobReader jobs, CancellationToken cancellationToken) =>
        await jobs.FindAsync(id, user, cancellationToken) is { } job
            ? TypedResults.Ok(await jobs.DetailAsync(job, cancellationToken))
            : Problems.UnknownJob(id);

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, ClaimsPrincipal user, JobReader jobs, IJobStore store, IJobPlaces places, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        if (await jobs.FindAsync(id, user, cancellationToken) is not { } job)
        {
            return Problems.UnknownJob(id);
        }

        if (!await store.DeleteJobAsync(job.Id, cancellationToken))
        {
            return Problems.WrongState(job.Id, job.State, "Only a job that has ended can be deleted: cancel it first.");
        }

        try
        {
            // What a retry would have needed; what is published stays.
            await places.ClearAsync(job, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or StorageRefusedException)
        {
            Log.NotCleared(loggers.CreateLogger(typeof(JobEndpoints)), job.Id.Value, job.OutputKey ?? "", e);
        }

        return TypedResults.NoContent();
    }
}
