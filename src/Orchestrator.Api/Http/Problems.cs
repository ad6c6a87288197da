using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Api.Http;

/// <summary>Every error that the API answers, as RFC 9457 problem documents. One place, so that codes and wording agree.</summary>
internal static class Problems
{
    public static ProblemHttpResult Malformed(string detail) => Of(400, "The request cannot be read.", detail);

    /// <summary>A request that the server refuses to read, with the code that says why.</summary>
    public static ProblemHttpResult Refused(int status, string detail) => Of(status, "The request cannot be read.", detail);

    public static ProblemHttpResult Unauthorized(string detail) => Of(401, "A key is needed.", detail);

    public static ProblemHttpResult Forbidden(string detail) => Of(403, "The key does not allow this.", detail);

    public static ProblemHttpResult UnknownJob(string id) => Of(404, "There is no such job.", $"No job has the id '{id}'.");

    public static ProblemHttpResult NotFound(string title, string detail) => Of(404, title, detail);

    public static ProblemHttpResult TooLarge(int maxBytes) => Of(
        413, "The document is too large.", $"A document may have {maxBytes} bytes (Limits:MaxDocumentBytes). Use braces and globs in input.shards.");

    public static ProblemHttpResult NotJson(string? contentType) => Of(
        415, "The body is not JSON.", $"Send Content-Type: application/json; it was '{contentType ?? "(none)"}'. YAML is for the command line.");

    /// <summary>The state does not allow the command; members <c>state</c> and <c>jobId</c>.</summary>
    public static ProblemHttpResult WrongState(JobId id, JobState state, string detail) => Of(
        409, "The job's state does not allow this.", detail, new() { ["jobId"] = id.Value, ["state"] = WireNames.Of(state) });

    /// <summary>More than the caller's share; whoever answers with it also sets <see cref="SetRetryAfter"/>.</summary>
    public static ProblemHttpResult OverQuota(string detail) => Of(429, "That is more than this tenant or key may have now.", detail);

    /// <summary>As <see cref="OverQuota"/>, with the header that says when to try again.</summary>
    public static ProblemHttpResult TooMany(HttpContext context, TimeSpan retryAfter, string detail)
    {
        SetRetryAfter(context, retryAfter);
        return OverQuota(detail);
    }

    /// <summary>Says in whole seconds when to try again; nothing where that is not known.</summary>
    public static void SetRetryAfter(HttpContext context, TimeSpan? retryAfter)
    {
        if (retryAfter is { } later)
        {
            context.Response.Headers.RetryAfter = ((long)Math.Ceiling(Math.Max(1, later.TotalSeconds))).ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Something of that name or id exists, or as many as there may be.</summary>
    public static ProblemHttpResult Conflict(string title, string detail) => Of(409, title, detail);

    /// <summary>As <see cref="OutputClaimed"/>, where the other job is a stranger's: that it exists is all that may be said.</summary>
    public static ProblemHttpResult OutputTaken(string output) => Of(
        409,
        "Another job writes to this output.",
        $"A job that has not ended writes to '{output}'. Give another output.path.",
        new() { ["errors"] = new[] { new DocumentError("$.output.path", output, "is the output of a job that has not ended") } });

    /// <summary>Another job that has not ended writes to the same output; member <c>jobId</c> is that job.</summary>
    public static ProblemHttpResult OutputClaimed(JobId holder, string output) => Of(
        409,
        "Another job writes to this output.",
        $"Job {holder} has not ended and writes to '{output}'. Wait for it, cancel it, or give another output.path.",
        new() { ["jobId"] = holder.Value, ["errors"] = new[] { new DocumentError("$.output.path", output, $"is the output of job {holder}, which has not ended") } });

    public static ProblemHttpResult KeyReused(string key, JobId first) => Of(
        422,
        "The idempotency key was used for another document.",
        $"Idempotency-Key '{key}' belongs to job {first}, whose document differs. Use a new key for a new document.",
        new() { ["jobId"] = first.Value, ["errors"] = Array.Empty<DocumentError>() });

    /// <summary>Every mistake of a document; member <c>errors</c>.</summary>
    public static ProblemHttpResult Invalid(IReadOnlyList<DocumentError> errors, Dictionary<string, object?>? more = null) => Of(
        422,
        "The document is not valid.",
        errors.Count == 1 ? "There is 1 mistake." : $"There are {errors.Count} mistakes.",
        new(more ?? []) { ["errors"] = errors });

    public static ProblemHttpResult Unavailable(string detail) => Of(503, "The control plane cannot answer now.", detail);

    private static ProblemHttpResult Of(int status, string title, string detail, Dictionary<string, object?>? extensions = null) =>
        TypedResults.Problem(detail, statusCode: status, title: title, extensions: extensions);
}
