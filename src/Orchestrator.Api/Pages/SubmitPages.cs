using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Api.Jobs;
using Orchestrator.Api.Options;
using Orchestrator.Api.Submission;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Api.Pages;

/// <summary><c>/submit</c>: a document is checked and submitted by the very functions that answer the API.</summary>
internal static class SubmitPages
{
    /// <summary>What an empty form starts with.</summary>
    public const string Example =
        """
        {
          "kind": "curation",
          "name": "my-job",
          "input": { "shards": ["pool/{00000000..00000007}.tar"], "format": "webdataset" },
          "stages": [
            { "type": "basic-filter", "minWords": 3, "minChars": 6, "minSide": 200, "maxAspect": 3.0 },
            { "type": "clip-score", "model": "clip-demo", "as": "clip" }
          ],
          "select": { "by": "clip", "topFraction": 0.3 },
          "output": { "path": "out/my-job", "samplesPerShard": 1000 },
          "seed": 1
        }
        """;

    private static readonly JsonSerializerOptions Indented = new(ApiJson.Options) { WriteIndented = true };

    public static void Map(RouteGroupBuilder pages)
    {
        pages.MapGet("/submit", ShowAsync).RequireAuthorization(Roles.Submitter);

        // A form may name a document of any size that the API takes, and the fields around it.
        var limit = ((IEndpointRouteBuilder)pages).ServiceProvider.GetRequiredService<IOptions<LimitsOptions>>().Value.MaxDocumentBytes;
        pages.MapPost("/submit", PostAsync).RequireAuthorization(Roles.Submitter).WithFormOptions(valueLengthLimit: limit + 4096, bufferBodyLengthLimit: (4L * limit) + 65536);
    }

    private static async Task<IResult> ShowAsync(ClaimsPrincipal user, JobReader jobs, CancellationToken cancellationToken, string? from = null)
    {
        if (from is null)
        {
            return new PageResult<SubmitPage>(new { Text = Example });
        }

        return await jobs.FindAsync(from, user, cancellationToken) is { } job
            ? new PageResult<SubmitPage>(new { Text = JsonSerializer.Serialize(JsonElement.Parse(job.Document), Indented) })
            : MessagePage.Of(Problems.UnknownJob(from));
    }

    private static async Task<IResult> PostAsync(HttpContext context, IServiceProvider provider, CancellationToken cancellationToken)
    {
        var services = new SubmitServices(
            provider.GetRequiredService<IJobSubmitter>(), provider.GetRequiredService<JobReader>(), provider.GetRequiredService<DocumentPlanners>(),
            provider.GetRequiredService<IOptions<LimitsOptions>>());
        var form = await context.Request.ReadFormAsync(cancellationToken);

        // Browsers send line ends as CR LF; the lines of a message and of the field must be the same ones.
        var text = form["document"].ToString().ReplaceLineEndings("\n");
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > services.Limits.Value.MaxDocumentBytes)
        {
            return Answer(text, Problems.TooLarge(services.Limits.Value.MaxDocumentBytes));
        }

        var posted = DocumentReader.Parse(bytes);
        if (posted.Problem is { } unreadable)
        {
            return Answer(text, unreadable);
        }

        using var json = posted.Json!;
        if (form["action"] != "submit")
        {
            var plan = await SubmitEndpoints.PlanDocumentAsync(json.RootElement, context, services);
            return plan.Result is Ok<PlanView> { Value: { } view }
                ? new PageResult<SubmitPage>(new { Text = text, Plan = view })
                : Answer(text, (ProblemHttpResult)plan.Result);
        }

        // A second click sends the same document under the same key and ends at the same job; an edited one is another job.
        var key = form["draft"] is [{ Length: > 0 and <= 64 } draft] ? $"page-{draft}-{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}" : null;
        var submitted = await SubmitEndpoints.SubmitDocumentAsync(json.RootElement, context, services, key, cancellationToken);
        return submitted.Result switch
        {
            Created<JobDetail> { Value: { } job } => SignInEndpoints.SeeOther($"/jobs/{job.Id}"),
            Ok<JobDetail> { Value: { } job } => SignInEndpoints.SeeOther($"/jobs/{job.Id}"),
            var refused => Answer(text, (ProblemHttpResult)refused),
        };
    }

    private static PageResult<SubmitPage> Answer(string text, ProblemHttpResult problem)
    {
        var errors = problem.ProblemDetails.Extensions.TryGetValue("errors", out var list) && list is IReadOnlyList<DocumentError> { Count: > 0 } several
            ? several
            : [new DocumentError("$", null, problem.ProblemDetails.Detail ?? "")];
        return new(new { Text = text, problem.ProblemDetails.Title, Errors = errors }, problem.StatusCode);
    }
}
