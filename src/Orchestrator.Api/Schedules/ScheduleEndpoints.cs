using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Api.Jobs;
using Orchestrator.Api.Options;
using Orchestrator.Api.Submission;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Schedules;

/// <summary>A schedule. <paramref name="NextAt"/> is the tick that comes next, UTC; <paramref name="LastError"/> says why the last one made no job.</summary>
public sealed record ScheduleView(
    string Id, string Tenant, string Name, string Cron, DateTimeOffset CreatedAt, DateTimeOffset NextAt,
    DateTimeOffset? LastTick, string? LastJob, string? LastError, JsonElement Document)
{
    /// <summary>The row as users see it.</summary>
    public static ScheduleView Of(ScheduleRecord s) => new(
        s.Id, s.Tenant, s.Name, s.Cron, s.CreatedAt, s.NextAt, s.LastTick, s.LastJob?.Value, s.LastError, JsonElement.Parse(s.Document));
}

/// <summary>What schedules need.</summary>
internal sealed record ScheduleServices(
    [property: FromServices] IScheduleStore Store,
    [property: FromServices] DocumentPlanners Planners,
    [property: FromServices] IOptions<LimitsOptions> Limits,
    [property: FromServices] TimeProvider Time);

/// <summary><c>POST /schedules</c>, <c>GET /schedules[/{id}]</c>, <c>DELETE /schedules/{id}</c>.</summary>
internal static class ScheduleEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/schedules", CreateAsync)
            .WithName("CreateSchedule").WithTags("Schedules").RequireAuthorization(Roles.Submitter)
            .WithSummary("Submits a document at times: {name, cron, document}. Cron has five fields, UTC; {tick} in the document's output.path becomes the tick's time.")
            .Accepts<JsonObject>("application/json")
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(503);
        api.MapGet("/schedules", ListAsync)
            .WithName("ListSchedules").WithTags("Schedules").RequireAuthorization(Roles.Reader).WithSummary("Schedules by name.");
        api.MapGet("/schedules/{id}", GetAsync)
            .WithName("GetSchedule").WithTags("Schedules").RequireAuthorization(Roles.Reader)
            .WithSummary("One schedule: its next tick, and what the last one made.").ProducesProblem(404);
        api.MapDelete("/schedules/{id}", DeleteAsync)
            .WithName("DeleteSchedule").WithTags("Schedules").RequireAuthorization(Roles.Submitter)
            .WithSummary("Ends a schedule. Jobs that it made stay.").ProducesProblem(404);
    }

    private static async Task<Results<Created<ScheduleView>, ProblemHttpResult>> CreateAsync(
        HttpContext context, [AsParameters] ScheduleServices services, CancellationToken cancellationToken)
    {
        var posted = await DocumentReader.ReadAsync(context.Request, services.Limits.Value.MaxDocumentBytes, cancellationToken);
        if (posted.Problem is { } unreadable)
        {
            return unreadable;
        }

        using var json = posted.Json!;
        var tenant = Caller.TenantOf(context.User);
        var now = services.Time.GetUtcNow();
        var errors = new List<DocumentError>();
        if (DocumentScope.Open(json.RootElement, "$", errors) is not { } scope)
        {
            return Problems.Invalid(errors);
        }

        var name = scope.Name("name");
        var cron = scope.Text("cron", maxLength: CronText.MaxLength);
        if (errors.All(e => e.Path != "$.cron") && CronText.ProblemOf(cron, now) is { } problem)
        {
            scope.Error("cron", problem);
        }

        var document = scope.Raw("document");
        if (document is null)
        {
            scope.Error("document", "is missing: give a job document");
        }

        scope.RejectUnknown();
        var next = errors.Count == 0 ? CronText.Next(cron, now)!.Value : now;
        var owner = tenant ?? NewTenantOf(document);
        if (document is { } given)
        {
            if (JobSubmitter.ForeignTenant(tenant, given) is { } foreign)
            {
                return foreign;
            }

            errors.AddRange(await CheckAsync(services.Planners, given, owner, next, cancellationToken));
        }

        if (errors.Count > 0)
        {
            return Problems.Invalid(errors);
        }

        var schedule = new NewSchedule(JobId.Create("sch").Value, owner, name, cron, document!.Value.GetRawText(), context.User.Identity?.Name ?? "", next);
        return await services.Store.CreateScheduleAsync(schedule, services.Limits.Value.MaxSchedules, cancellationToken) switch
        {
            StoreOutcome.NameTaken => Problems.Conflict("The name is taken.", $"Tenant '{owner}' has a schedule '{name}'; delete it first, or give another name."),
            StoreOutcome.TooMany => Problems.Conflict("There are enough schedules.", $"Tenant '{owner}' may have {services.Limits.Value.MaxSchedules} schedules (Limits:MaxSchedules); delete one first."),
            _ => TypedResults.Created(
                $"/api/v1/schedules/{schedule.Id}", ScheduleView.Of((await services.Store.GetScheduleAsync(schedule.Id, cancellationToken))!)),
        };
    }

    /// <summary>Mistakes that the document would have at its first tick, found now rather than at night.</summary>
    private static async Task<IEnumerable<DocumentError>> CheckAsync(
        DocumentPlanners planners, JsonElement document, string tenant, DateTimeOffset tick, CancellationToken cancellationToken)
    {
        const string Root = "$.document";
        var (planner, unknown) = planners.Find(document);
        if (planner is null)
        {
            return [unknown! with { Path = Root + unknown.Path[1..] }];
        }

        if (ScheduleDocument.WritesToOnePlace(document.GetRawText()))
        {
            return [new($"{Root}.output.path", null, $"must hold {ScheduleDocument.Placeholder}, for example out/daily-{ScheduleDocument.Placeholder}: each run needs a folder of its own")];
        }

        using var first = ScheduleDocument.At(document.GetRawText(), tick);
        var plan = await JobSubmitter.CheckAsync(planner, first.RootElement, tenant, preview: false, cancellationToken);
        return plan.Errors.Select(e => e with { Path = Root + e.Path[1..] });
    }

    private static string NewTenantOf(JsonElement? document) =>
        document is { ValueKind: JsonValueKind.Object } d && d.TryGetProperty("tenant", out var named) && named.ValueKind == JsonValueKind.String && TenantNames.IsValid(named.GetString()!)
            ? named.GetString()!
            : TenantNames.Default;

    private static async Task<Ok<IReadOnlyList<ScheduleView>>> ListAsync(ClaimsPrincipal user, IScheduleStore store, CancellationToken cancellationToken) =>
        TypedResults.Ok<IReadOnlyList<ScheduleView>>([.. (await store.ListSchedulesAsync(Caller.TenantOf(user), cancellationToken)).Select(ScheduleView.Of)]);

    private static async Task<Results<Ok<ScheduleView>, ProblemHttpResult>> GetAsync(string id, ClaimsPrincipal user, IScheduleStore store, CancellationToken cancellationToken) =>
        await FindAsync(id, user, store, cancellationToken) is { } schedule ? TypedResults.Ok(ScheduleView.Of(schedule)) : Unknown(id);

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string id, ClaimsPrincipal user, IScheduleStore store, CancellationToken cancellationToken) =>
        await FindAsync(id, user, store, cancellationToken) is { } schedule && await store.DeleteScheduleAsync(schedule.Id, cancellationToken)
            ? TypedResults.NoContent()
            : Unknown(id);

    /// <summary>The schedule, or null where there is none or it belongs to another tenant.</summary>
    private static async Task<ScheduleRecord?> FindAsync(string id, ClaimsPrincipal user, IScheduleStore store, CancellationToken cancellationToken) =>
        JobId.TryParse(id, out var parsed) && await store.GetScheduleAsync(parsed.Value, cancellationToken) is { } schedule && Caller.MaySee(user, schedule.Tenant) ? schedule : null;

    private static ProblemHttpResult Unknown(string id) => Problems.NotFound("There is no such schedule.", $"No schedule has the id '{id}'.");
}
