using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Api.Options;
using Orchestrator.Api.Submission;

namespace Orchestrator.Api.Jobs;

/// <summary>What submitting needs.</summary>
internal sealed record SubmitServices(
    [property: FromServices] IJobSubmitter Submitter,
    [property: FromServices] JobReader Jobs,
    [property: FromServices] DocumentPlanners Planners,
    [property: FromServices] IOptions<LimitsOptions> Limits);

/// <summary><c>POST /jobs</c> and <c>POST /jobs/plan</c>.</summary>
internal static class SubmitEndpoints
{
    private const int MaxIdempotencyKey = 200;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/jobs", SubmitAsync)
            .WithName("SubmitJob").WithTags("Jobs").RequireAuthorization(Roles.Submitter)
            .WithSummary("Submits a job. With an Idempotency-Key the same document is stored once, however often it is sent.")
            .Accepts<JsonObject>("application/json")
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(429).ProducesProblem(503);
        api.MapPost("/jobs/plan", PlanAsync)
            .WithName("PlanJob").WithTags("Jobs").RequireAuthorization(Roles.Submitter)
            .WithSummary("Checks a document and counts its shards; runs nothing. A document with mistakes is answered with 422 and all of them.")
            .Accepts<JsonObject>("application/json")
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(503);
    }

    private static async Task<Results<Created<JobDetail>, Ok<JobDetail>, ProblemHttpResult>> SubmitAsync(
        HttpContext context,
        [AsParameters] SubmitServices services,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
        CancellationToken cancellationToken)
    {
        if (idempotencyKey is { Length: 0 or > MaxIdempotencyKey })
        {
            return Problems.Malformed($"Idempotency-Key must have 1 to {MaxIdempotencyKey} characters.");
        }

        var posted = await DocumentReader.ReadAsync(context.Request, services.Limits.Value.MaxDocumentBytes, cancellationToken);
        if (posted.Problem is { } unreadable)
        {
            return unreadable;
        }

        using var json = posted.Json!;
        return await SubmitDocumentAsync(json.RootElement, context, services, idempotencyKey, cancellationToken);
    }

    /// <summary>Submits a document that was read; the one way for both the API and the pages.</summary>
    public static async Task<Results<Created<JobDetail>, Ok<JobDetail>, ProblemHttpResult>> SubmitDocumentAsync(
        JsonElement root, HttpContext context, SubmitServices services, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var submitter = new Submitter(Caller.TenantOf(context.User), context.User.Identity?.Name);
        var outcome = await services.Submitter.SubmitAsync(root, submitter, idempotencyKey, cancellationToken);
        if (outcome.Job is not { } job)
        {
            Problems.SetRetryAfter(context, outcome.RetryAfter);
            return outcome.Problem!;
        }

        var now = await services.Jobs.FindAsync(job.Id.Value, context.User, cancellationToken) ?? job;
        var detail = await services.Jobs.DetailAsync(now, cancellationToken);
        var location = $"/api/v1/jobs/{job.Id}";
        if (outcome.IsNew)
        {
            return TypedResults.Created(location, detail);
        }

        context.Response.Headers.Location = location;
        return TypedResults.Ok(detail);
    }

    private static async Task<Results<Ok<PlanView>, ProblemHttpResult>> PlanAsync(
        HttpContext context, [AsParameters] SubmitServices services, CancellationToken cancellationToken)
    {
        var posted = await DocumentReader.ReadAsync(context.Request, services.Limits.Value.MaxDocumentBytes, cancellationToken);
        if (posted.Problem is { } unreadable)
        {
            return unreadable;
        }

        using var json = posted.Json!;
        return await PlanDocumentAsync(json.RootElement, context, services);
    }

    /// <summary>Plans a document that was read; the one way for both the API and the pages.</summary>
    public static async Task<Results<Ok<PlanView>, ProblemHttpResult>> PlanDocumentAsync(JsonElement root, HttpContext context, SubmitServices services)
    {
        var tenant = Caller.TenantOf(context.User);
        if (JobSubmitter.ForeignTenant(tenant, root) is { } foreign)
        {
            return foreign;
        }

        if (services.Planners.Find(root) is not { Planner: { } planner })
        {
            return Problems.Invalid([services.Planners.Find(root).Error!]);
        }

        var plan = await JobSubmitter.CheckAsync(planner, root, tenant, preview: true, context.RequestAborted);
        if (plan.Errors.Count > 0 || plan.Name is not { } name)
        {
            return Problems.Invalid(plan.Errors, new()
            {
                ["shards"] = plan.ShardCount,
                ["bytes"] = plan.Bytes,
                ["models"] = plan.Models,
                ["phases"] = plan.Phases,
            });
        }

        return TypedResults.Ok(new PlanView(plan.Kind, name, plan.ShardCount, plan.Bytes, plan.Models, plan.Phases, plan.Output, plan.Preview, []));
    }
}
