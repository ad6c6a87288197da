using System.Security.Claims;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Api.Options;
using Orchestrator.Api.Submission;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Webhooks;

/// <summary>A webhook. <paramref name="Secret"/> signs its deliveries and is told once, in the answer that creates it.</summary>
public sealed record WebhookView(string Id, string Tenant, string Url, DateTimeOffset CreatedAt, string? Secret = null);

/// <summary>A delivery: which job's end, how often it was tried, and what came back.</summary>
public sealed record DeliveryView(
    string Id, string JobId, DeliveryState State, int Attempts, DateTimeOffset? NextAt, int? Status, string? Error, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt)
{
    /// <summary>The row as users see it.</summary>
    public static DeliveryView Of(DeliveryRecord d) => new(
        d.Id, d.Job.Value, d.State, d.Attempts, d.State == DeliveryState.Pending ? d.NextAt : null, d.Status, d.Error, d.CreatedAt, d.EndedAt);
}

/// <summary><c>POST /webhooks</c>, <c>GET /webhooks</c>, <c>DELETE /webhooks/{id}</c>, <c>GET /webhooks/{id}/deliveries</c>.</summary>
internal static class WebhookEndpoints
{
    private const int MaxBytes = 16 << 10;
    private const int MaxLimit = 200;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/webhooks", CreateAsync)
            .WithName("CreateWebhook").WithTags("Webhooks").RequireAuthorization(Roles.Submitter)
            .WithSummary("Tells an address of every ended job of the tenant: {url}. The answer holds the secret of its signatures, once.")
            .Accepts<JsonObject>("application/json")
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422);
        api.MapGet("/webhooks", ListAsync)
            .WithName("ListWebhooks").WithTags("Webhooks").RequireAuthorization(Roles.Reader).WithSummary("Webhooks, oldest first, without their secrets.");
        api.MapDelete("/webhooks/{id}", DeleteAsync)
            .WithName("DeleteWebhook").WithTags("Webhooks").RequireAuthorization(Roles.Submitter)
            .WithSummary("Ends a webhook; what was not delivered yet is dropped.").ProducesProblem(404);
        api.MapGet("/webhooks/{id}/deliveries", DeliveriesAsync)
            .WithName("ListDeliveries").WithTags("Webhooks").RequireAuthorization(Roles.Reader)
            .WithSummary("The latest deliveries, newest first: tries, the last answer, and when it is tried again.").ProducesProblem(400).ProducesProblem(404);
    }

    private static async Task<Results<Created<WebhookView>, ProblemHttpResult>> CreateAsync(
        HttpContext context, IWebhookStore store, IOptions<WebhooksOptions> options, IOptions<LimitsOptions> limits, TimeProvider time, CancellationToken cancellationToken)
    {
        var posted = await DocumentReader.ReadAsync(context.Request, MaxBytes, cancellationToken);
        if (posted.Problem is { } unreadable)
        {
            return unreadable;
        }

        if (!options.Value.IsOn)
        {
            return Problems.Conflict("Webhooks are switched off.", "This server calls nobody: its operator sets Webhooks:AllowedHosts and Webhooks:SigningKey.");
        }

        using var json = posted.Json!;
        var errors = new List<DocumentError>();
        if (DocumentScope.Open(json.RootElement, "$", errors) is not { } scope)
        {
            return Problems.Invalid(errors);
        }

        var url = scope.Text("url", maxLength: WebhookTarget.MaxLength);
        if (errors.Count == 0 && WebhookTarget.ProblemOf(url, options.Value) is { } problem)
        {
            scope.Error("url", problem);
        }

        var own = Caller.TenantOf(context.User);
        var tenant = scope.Name("tenant", own ?? TenantNames.Default);
        scope.RejectUnknown();
        if (errors.Count > 0)
        {
            return Problems.Invalid(errors);
        }

        if (own is not null && tenant != own)
        {
            return Problems.Forbidden($"This key belongs to the tenant '{own}'; the webhook names '{tenant}'.");
        }

        var webhook = new WebhookRecord(JobId.Create("hook").Value, tenant, url, context.User.Identity?.Name ?? "", time.GetUtcNow());
        return await store.CreateWebhookAsync(webhook, limits.Value.MaxSchedules, cancellationToken) == StoreOutcome.Stored
            ? TypedResults.Created(
                $"/api/v1/webhooks/{webhook.Id}",
                ViewOf(webhook) with { Secret = WebhookSignature.SecretOf(options.Value.SigningKey!, webhook.Id) })
            : Problems.Conflict("There are enough webhooks.", $"Tenant '{tenant}' may have {limits.Value.MaxSchedules} webhooks (Limits:MaxSchedules); delete one first.");
    }

    private static async Task<Ok<IReadOnlyList<WebhookView>>> ListAsync(ClaimsPrincipal user, IWebhookStore store, CancellationToken cancellationToken) =>
        TypedResults.Ok<IReadOnlyList<WebhookView>>([.. (await store.ListWebhooksAsync(Caller.TenantOf(user), cancellationToken)).Select(ViewOf)]);

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string id, ClaimsPrincipal user, IWebhookStore store, CancellationToken cancellationToken) =>
        await FindAsync(id, user, store, cancellationToken) is { } webhook && await store.DeleteWebhookAsync(webhook.Id, cancellationToken)
            ? TypedResults.NoContent()
            : Unknown(id);

    private static async Task<Results<Ok<IReadOnlyList<DeliveryView>>, ProblemHttpResult>> DeliveriesAsync(
        string id, ClaimsPrincipal user, IWebhookStore store, CancellationToken cancellationToken, int limit = 50)
    {
        if (limit is < 1 or > MaxLimit)
        {
            return Problems.Malformed($"limit is {limit}; give 1 to {MaxLimit}.");
        }

        return await FindAsync(id, user, store, cancellationToken) is { } webhook
            ? TypedResults.Ok<IReadOnlyList<DeliveryView>>([.. (await store.ListDeliveriesAsync(webhook.Id, limit, cancellationToken)).Select(DeliveryView.Of)])
            : Unknown(id);
    }

    /// <summary>The webhook, or null where there is none or it belongs to another tenant.</summary>
    private static async Task<WebhookRecord?> FindAsync(string id, ClaimsPrincipal user, IWebhookStore store, CancellationToken cancellationToken) =>
        JobId.TryParse(id, out var parsed) && await store.GetWebhookAsync(parsed.Value, cancellationToken) is { } webhook && Caller.MaySee(user, webhook.Tenant) ? webhook : null;

    private static WebhookView ViewOf(WebhookRecord webhook) => new(webhook.Id, webhook.Tenant, webhook.Url, webhook.CreatedAt);

    private static ProblemHttpResult Unknown(string id) => Problems.NotFound("There is no such webhook.", $"No webhook has the id '{id}'.");
}
