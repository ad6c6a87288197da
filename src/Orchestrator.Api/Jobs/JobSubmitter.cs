using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Http;
using Orchestrator.Api.Submission;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Dispatch;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>Who submits.</summary>
/// <param name="Tenant">The only tenant it submits for; null for any.</param>
/// <param name="Name">For the log.</param>
internal sealed record Submitter(string? Tenant, string? Name);

/// <summary>What became of a submission: a job, or the problem.</summary>
/// <param name="IsNew">True where the job was stored now, false where its idempotency key had stored it before.</param>
/// <param name="RetryAfter">Set where the same submission may succeed later.</param>
internal sealed record SubmitOutcome(JobRecord? Job, bool IsNew, ProblemHttpResult? Problem, TimeSpan? RetryAfter = null)
{
    public static implicit operator SubmitOutcome(ProblemHttpResult problem) => new(null, false, problem);
}

/// <summary>Turns documents into jobs.</summary>
internal interface IJobSubmitter
{
    /// <summary>Checks a document and stores it as a job.</summary>
    Task<SubmitOutcome> SubmitAsync(JsonElement root, Submitter submitter, string? idempotencyKey, CancellationToken cancellationToken);
}

/// <summary>The one way from a document to a job, for the API, the pages and the schedules. Safe for concurrent use.</summary>
internal sealed class JobSubmitter(
    IJobStore store, IGrainFactory grains, DocumentPlanners planners, TenantQuotas quotas, DispatchInstruments instruments, ILogger<JobSubmitter> logger) : IJobSubmitter
{
    public async Task<SubmitOutcome> SubmitAsync(JsonElement root, Submitter submitter, string? idempotencyKey, CancellationToken cancellationToken)
    {
        if (ForeignTenant(submitter.Tenant, root) is { } foreign)
        {
            return foreign;
        }

        var (planner, unknown) = planners.Find(root);
        if (planner is null)
        {
            return Problems.Invalid([unknown!]);
        }

        using var trace = JobTrace.Start(TelemetryNames.SubmitSpan, null);

        // The key comes first: by now the first job may have filled the very folder that planning would refuse.
        if (idempotencyKey is not null && await FindFirstAsync(planner, root, submitter, idempotencyKey, cancellationToken) is { } first)
        {
            return first;
        }

        var submission = await CheckAsync(planner, root, submitter.Tenant, preview: false, cancellationToken);
        if (submission.Errors.Count > 0)
        {
            return Problems.Invalid(submission.Errors);
        }

        var job = submission.ToJob(idempotencyKey) with { Trace = trace?.Id };
        if (await quotas.CheckAsync(job.Tenant, job.Shards.Count, cancellationToken) is { } refusal)
        {
            return refusal.RetryAfter is { } later ? TooMany(refusal.Detail, later) : Problems.Invalid([TenantQuotas.ToError(refusal)]);
        }

        trace?.SetTag(JobTrace.JobTag, job.Id.Value);
        try
        {
            var created = await store.CreateJobAsync(job with { QueueLimit = quotas.QueueLimitOf(job.Tenant) }, cancellationToken);
            if (created.Status == CreateJobStatus.Created)
            {
                instruments.OnJobSubmitted(job.Kind);
                Log.Submitted(logger, job.Id.Value, submitter.Name, job.Shards.Count, job.OutputKey ?? "");
            }

            return await EndAsync(created.Status, created.Job, submitter, idempotencyKey);
        }
        catch (QueueFullException full)
        {
            return TooMany($"Tenant '{job.Tenant}' has {full.Queued} queued shards and may have {full.Limit}; this job has {job.Shards.Count}.", TenantQuotas.QueueRetry);
        }
    }

    /// <summary>Measures a document and stores nothing.</summary>
    public static async Task<ISubmission> CheckAsync(IDocumentPlanner planner, JsonElement root, string? tenant, bool preview, CancellationToken cancellationToken)
    {
        using var trace = JobTrace.Start(TelemetryNames.PlanSpan, null);
        return await planner.PlanAsync(root, tenant, preview, cancellationToken);
    }

    /// <summary>The problem of a document that names another tenant than its submitter's.</summary>
    public static ProblemHttpResult? ForeignTenant(string? own, JsonElement root) =>
        own is { } tenant
        && root.ValueKind == JsonValueKind.Object
        && root.TryGetProperty("tenant", out var named)
        && named.ValueKind == JsonValueKind.String
        && named.GetString() != tenant
            ? Problems.Forbidden($"This key submits for the tenant '{tenant}'; the document names '{named.GetString()}'.")
            : null;

    private static SubmitOutcome TooMany(string detail, TimeSpan retryAfter) => new(null, false, Problems.OverQuota(detail), retryAfter);

    private async Task<SubmitOutcome?> FindFirstAsync(
        IDocumentPlanner planner, JsonElement root, Submitter submitter, string key, CancellationToken cancellationToken)
    {
        var read = planner.Read(root, submitter.Tenant);
        if (read.Tenant is null || await store.FindByIdempotencyKeyAsync(read.Tenant, key, cancellationToken) is not { } job)
        {
            return null;
        }

        var status = job.DocumentHash == read.DocumentHash ? CreateJobStatus.AlreadyCreated : CreateJobStatus.IdempotencyConflict;
        return await EndAsync(status, job, submitter, key);
    }

    private async Task<SubmitOutcome> EndAsync(CreateJobStatus status, JobRecord job, Submitter submitter, string? key)
    {
        switch (status)
        {
            case CreateJobStatus.IdempotencyConflict:
                return Problems.KeyReused(key ?? "", job.Id);
            case CreateJobStatus.OutputClaimed:
                // A stranger learns that the place is taken, and not by whom.
                return submitter.Tenant is null || submitter.Tenant == job.Tenant
                    ? Problems.OutputClaimed(job.Id, job.OutputKey ?? "")
                    : Problems.OutputTaken(job.OutputKey ?? "");
        }

        await AnnounceAsync(job);
        return new(job, status == CreateJobStatus.Created, null);
    }

    /// <summary>The row is the job; a control plane that did not hear of it now finds it when it next looks, so this must not fail the call.</summary>
    private async Task AnnounceAsync(JobRecord job)
    {
        try
        {
            await grains.GetGrain<IJobGrain>(job.Id.Value).EnsureAsync();
        }
        catch (Exception e) when (FaultHandler.MeansUnavailable(e))
        {
            Log.NotAnnounced(logger, job.Id.Value, e);
        }
    }
}
