using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;

namespace Orchestrator.Api.Jobs;

/// <summary><c>GET /jobs/{id}/result</c>, <c>/artifacts</c>, <c>/artifacts/{path}</c>, <c>/report</c>.</summary>
internal static class ResultEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/jobs/{id}/result", ResultAsync)
            .WithName("GetResult").WithTags("Results").RequireAuthorization(Roles.Reader)
            .WithSummary("Counts of samples and shards, timings, models; final once the job has ended.").ProducesProblem(404);
        api.MapGet("/jobs/{id}/artifacts", ListAsync)
            .WithName("ListArtifacts").WithTags("Results").RequireAuthorization(Roles.Reader)
            .WithSummary("Files of the output folder.").ProducesProblem(404);
        api.MapGet("/jobs/{id}/artifacts/{**path}", DownloadAsync)
            .WithName("GetArtifact").WithTags("Results").RequireAuthorization(Roles.Reader)
            .WithSummary("One file of the output folder; ranges are supported.")
            .Produces(200, contentType: "application/octet-stream").ProducesProblem(404).Produces(206, contentType: "application/octet-stream").Produces(416);
        api.MapGet("/jobs/{id}/report", ReportAsync)
            .WithName("GetReport").WithTags("Results").RequireAuthorization(Roles.Reader)
            .WithSummary("The HTML report of the job.").Produces(200, contentType: "text/html").ProducesProblem(404);
    }

    private static async Task<Results<Ok<JobResult>, ProblemHttpResult>> ResultAsync(
        string id, ClaimsPrincipal user, JobReader jobs, ResultReader results, CancellationToken cancellationToken) =>
        await jobs.FindAsync(id, user, cancellationToken) is { } job
            ? TypedResults.Ok(await results.ReadAsync(job, cancellationToken))
            : Problems.UnknownJob(id);

    private static async Task<Results<Ok<IReadOnlyList<ArtifactView>>, ProblemHttpResult>> ListAsync(
        string id, ClaimsPrincipal user, JobReader jobs, ArtifactFolder folder, CancellationToken cancellationToken) =>
        await jobs.FindAsync(id, user, cancellationToken) is { } job
            ? TypedResults.Ok(await folder.ListAsync(job))
            : Problems.UnknownJob(id);

    private static Task<Results<FileStreamHttpResult, ProblemHttpResult>> DownloadAsync(
        string id, string path, HttpContext context, ClaimsPrincipal user, JobReader jobs, ArtifactFolder folder, CancellationToken cancellationToken) =>
        SendAsync(id, path, context, user, jobs, folder, cancellationToken);

    private static async Task<Results<ContentHttpResult, ProblemHttpResult>> ReportAsync(
        string id, HttpContext context, ClaimsPrincipal user, JobReader jobs, ArtifactFolder folder, ResultReader results, CancellationToken cancellationToken)
    {
        var sent = await SendAsync(id, ArtifactFolder.ReportPath, context, user, jobs, folder, cancellationToken);
        if (sent.Result is not FileStreamHttpResult file)
        {
            return (ProblemHttpResult)sent.Result;
        }

        await using var stream = file.FileStream;
        using var reader = new StreamReader(stream);
        var page = await reader.ReadToEndAsync(cancellationToken);
        if (page.Contains(ReportTimings.Mark, StringComparison.Ordinal) && await jobs.FindAsync(id, user, cancellationToken) is { } job)
        {
            page = ReportTimings.Insert(page, (await results.ReadAsync(job, cancellationToken)).Timings);
        }

        return TypedResults.Text(page, "text/html", System.Text.Encoding.UTF8);
    }

    private static async Task<Results<FileStreamHttpResult, ProblemHttpResult>> SendAsync(
        string id, string path, HttpContext context, ClaimsPrincipal user, JobReader jobs, ArtifactFolder folder, CancellationToken cancellationToken)
    {
        if (await jobs.FindAsync(id, user, cancellationToken) is not { } job)
        {
            return Problems.UnknownJob(id);
        }

        var file = await folder.FindAsync(job, path);
        if (file.File is not { } stored)
        {
            return Problems.NotFound("There is no such file.", $"'{path}' of job {job.Id}: {file.Problem}");
        }

        // Output holds captions and pictures of strangers: a browser shows them in a box without this server's rights.
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.ContentSecurityPolicy =
            "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; sandbox allow-scripts; frame-ancestors 'self'";
        context.Response.Headers.CacheControl = "private, no-cache";
        return TypedResults.Stream(await folder.OpenAsync(stored), ContentTypes.Of(path), lastModified: stored.ModifiedAt, enableRangeProcessing: true);
    }
}
