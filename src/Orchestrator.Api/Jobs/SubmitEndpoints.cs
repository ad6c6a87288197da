using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Api.Options;
using Orchestrator.Api.Submission;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Dispatch;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>What submitting needs.</summary>
internal sealed record SubmitServices(
    [property: FromServices] IJobStore Store,
    [property: FromServices] IGrainFactory Grains,
    [property: FromServices] DocumentPlanners Planners,
    [property: FromServices] IOptions<LimitsOptions> Limits,
    [property: FromServices] DispatchInstruments Instruments,
    [property: FromServices] ILogger<SubmitServices> Logger);

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
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(503);
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
        if (ForeignTenant(context.User, root) is { } foreign)
        {
            return foreign;
        }

        if (services.Planners.Find(root) is { Error: { } unknown })
        {
            return Problems.Invalid([unknown]);
        }

        var planner = services.Planners.Find(root).Planner!;
        using var trace = JobTrace.Start(TelemetryNames.SubmitSpan, null);

        // The key comes first: by now the first job may have filled the very folder that planning would refuse.
        if (idempotencyKey is not null && await FindFirstAsync(services, planner, root, context, idempotencyKey, cancellationToken) is { } first)
        {
            return first;
        }

        var submission = await CheckAsync(planner, root, context, preview: false, cancellationToken);
        if (submission.Errors.Count > 0)
        {
            return Problems.Invalid(submission.Errors);
        }

        var job = submission.ToJob(idempotencyKey) with { Trace = trace?.Id };
        trace?.SetTag(JobTrace.JobTag, job.Id.Value);
        var created = await services.Store.CreateJobAsync(job, cancellationToken);
        if (created.Status == CreateJobStatus.Created)
        {
            services.Instruments.OnJobSubmitted(job.Kind);
            Log.Submitted(services.Logger, job.Id.Value, context.User.Identity?.Name, job.Shards.Count, job.OutputKey ?? "");
        }

        return await AnswerAsync(services, created.Status, created.Job, context, idempotencyKey, cancellationToken);
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
        if (ForeignTenant(context.User, root) is { } foreign)
        {
            return foreign;
        }

        if (services.Planners.Find(root) is not { Planner: { } planner })
        {
            return Problems.Invalid([services.Planners.Find(root).Error!]);
        }

        var plan = await CheckAsync(planner, root, context, preview: true, context.RequestAborted);
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

    private static async Task<ISubmission> CheckAsync(
        IDocumentPlanner planner, JsonElement root, HttpContext context, bool preview, CancellationToken cancellationToken)
    {
        using var trace = JobTrace.Start(TelemetryNames.PlanSpan, null);
        return await planner.PlanAsync(root, Caller.TenantOf(context.User), preview, cancellationToken);
    }

    private static async Task<Results<Created<JobDetail>, Ok<JobDetail>, ProblemHttpResult>?> FindFirstAsync(
        SubmitServices services, IDocumentPlanner planner, JsonElement root, HttpContext context, string key, CancellationToken cancellationToken)
    {
        var read = planner.Read(root, Caller.TenantOf(context.User));
        if (read.Tenant is null
            || await services.Store.FindByIdempotencyKeyAsync(read.Tenant, key, cancellationToken) is not { } job)
        {
            return null;
        }

        var status = job.DocumentHash == read.DocumentHash ? CreateJobStatus.AlreadyCreated : CreateJobStatus.IdempotencyConflict;
        return await AnswerAsync(services, status, job, context, key, cancellationToken);
    }

    private static async Task<Results<Created<JobDetail>, Ok<JobDetail>, ProblemHttpResult>> AnswerAsync(
        SubmitServices services, CreateJobStatus status, JobRecord job, HttpContext context, string? key, CancellationToken cancellationToken)
    {
        switch (status)
        {
            case CreateJobStatus.IdempotencyConflict:
                return Problems.KeyReused(key ?? "", job.Id);
            case CreateJobStatus.OutputClaimed:
                return Caller.MaySee(context.User, job) ? Problems.OutputClaimed(job.Id, job.OutputKey ?? "") : Problems.OutputTaken(job.OutputKey ?? "");
        }

        await AnnounceAsync(services, job);
        var counts = await services.Store.CountAsync(job.Id, cancellationToken);
        var detail = JobDetail.Of(await services.Store.GetJobAsync(job.Id, cancellationToken) ?? job, counts, services.Planners.PhasesOf(job.Kind));
        var location = $"/api/v1/jobs/{job.Id}";
        if (status == CreateJobStatus.Created)
        {
            return TypedResults.Created(location, detail);
        }

        context.Response.Headers.Location = location;
        return TypedResults.Ok(detail);
    }

    /// <summary>The row is the job; a control plane that did not hear of it now finds it when it next looks, so this must not fail the call.</summary>
    private static async Task AnnounceAsync(SubmitServices services, JobRecord job)
    {
        try
        {
            await services.Grains.GetGrain<IJobGrain>(job.Id.Value).EnsureAsync();
        }
        catch (Exception e) when (FaultHandler.MeansUnavailable(e))
        {
            Log.NotAnnounced(services.Logger, job.Id.Value, e);
        }
    }

    private static ProblemHttpResult? ForeignTenant(ClaimsPrincipal user, JsonElement root) =>
        Caller.TenantOf(user) is { } tenant
        && root.ValueKind == JsonValueKind.Object
        && root.TryGetProperty("tenant", out var named)
        && named.ValueKind == JsonValueKind.String
        && named.GetString() != tenant
            ? Problems.Forbidden($"This key submits for the tenant '{tenant}'; the document names '{named.GetString()}'.")
            : null;
}
