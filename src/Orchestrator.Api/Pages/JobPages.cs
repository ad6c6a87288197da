using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Api.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Pages;

/// <summary><c>/jobs</c>, <c>/jobs/{id}</c> and the commands of a job's page.</summary>
internal static class JobPages
{
    public const int PageSize = 50;

    public static void Map(RouteGroupBuilder pages)
    {
        pages.MapGet("/jobs", ListAsync).RequireAuthorization(Roles.Reader);
        pages.MapGet("/jobs/{id}", ShowAsync).RequireAuthorization(Roles.Reader);
        foreach (var verb in (string[])["cancel", "pause", "resume", "retry"])
        {
            pages.MapPost($"/jobs/{{id}}/{verb}", (string id, HttpContext context, JobReader jobs, IGrainFactory grains, ILoggerFactory loggers, JobPageReader reader, CancellationToken cancellationToken) =>
                CommandAsync(verb, id, context, jobs, grains, loggers, reader, cancellationToken)).RequireAuthorization(Roles.Submitter);
        }
    }

    private static async Task<IResult> ListAsync(
        ClaimsPrincipal user, JobReader jobs, IJobStore store, TimeProvider time, CancellationToken cancellationToken,
        string? kind = null, string? state = null, string? tenant = null, string? cursor = null)
    {
        var filter = new JobFilter(Blank(kind), Blank(state), Blank(tenant), Blank(cursor));
        var listed = await JobEndpoints.ListAsync(user, jobs, store, cancellationToken, filter.Kind, filter.State, filter.Tenant, filter.Cursor, PageSize);
        if (listed.Result is not Ok<Page<JobSummary>> { Value: { } page })
        {
            return MessagePage.Of((ProblemHttpResult)listed.Result);
        }

        var rows = new List<JobRow>();
        foreach (var job in page.Items)
        {
            var counts = job.State.IsTerminal() ? [] : await store.CountAsync(JobId.Parse(job.Id), cancellationToken);
            var phase = counts.FirstOrDefault(p => p.Phase == job.Phase);
            rows.Add(new(job, phase is null ? null : PhaseProgress.Of(phase), (job.EndedAt ?? time.GetUtcNow()) - job.StartedAt));
        }

        return new PageResult<JobsPage>(new { Rows = rows, page.NextCursor, Filter = filter, OwnTenant = Caller.TenantOf(user) });
    }

    private static async Task<IResult> ShowAsync(
        string id, ClaimsPrincipal user, JobReader jobs, JobPageReader reader, CancellationToken cancellationToken) =>
        await jobs.FindAsync(id, user, cancellationToken) is { } job
            ? new PageResult<JobPage>(new { Model = await reader.ReadAsync(job, cancellationToken) })
            : MessagePage.Of(Problems.UnknownJob(id));

    private static async Task<IResult> CommandAsync(
        string verb, string id, HttpContext context, JobReader jobs, IGrainFactory grains, ILoggerFactory loggers, JobPageReader reader, CancellationToken cancellationToken)
    {
        var done = await CommandEndpoints.RunAsync(verb, id, context.User, jobs, grains, loggers.CreateLogger(typeof(JobPages)), cancellationToken);
        if (done.Result is not ProblemHttpResult problem)
        {
            return SignInEndpoints.SeeOther($"/jobs/{id}");
        }

        return problem.StatusCode == StatusCodes.Status409Conflict && await jobs.FindAsync(id, context.User, cancellationToken) is { } job
            ? new PageResult<JobPage>(new { Model = await reader.ReadAsync(job, cancellationToken), Refusal = problem.ProblemDetails.Detail }, problem.StatusCode)
            : MessagePage.Of(problem);
    }

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

/// <summary>What the jobs list is narrowed to; null for everything.</summary>
public sealed record JobFilter(string? Kind, string? State, string? Tenant, string? Cursor)
{
    /// <summary>The filter as a query string, with another place to start from.</summary>
    public string Query(string? cursor)
    {
        var query = new QueryString();
        foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)[("kind", Kind), ("state", State), ("tenant", Tenant), ("cursor", cursor)])
        {
            query = value is null ? query : query.Add(name, value);
        }

        return query.Value ?? "";
    }
}

/// <summary>A job in the list, with the progress of its present phase where it runs.</summary>
public sealed record JobRow(JobSummary Job, PhaseProgress? Phase, TimeSpan? Elapsed);
