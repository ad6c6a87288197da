using System.Text.Json;
using Orchestrator.Api.Jobs;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Pages;

/// <summary>Reads what a job's page shows. The cost does not grow with the age of a running job: pages are loaded again with each change.</summary>
internal sealed class JobPageReader(IJobStore store, JobReader jobs, ResultReader results, ArtifactFolder folder, TimeProvider time)
{
    private const int MaxEvents = 100;
    private const int MaxProgress = 240;
    private const int MaxLosses = 20;

    public async Task<JobPageModel> ReadAsync(JobRecord job, CancellationToken cancellationToken)
    {
        // The number comes first: an event stored while the rest is read is announced again, and none is missed.
        var last = await store.ReadLatestEventsAsync(job.Id, default, 1, cancellationToken);
        var detail = await jobs.DetailAsync(job, cancellationToken);
        var ended = job.State.IsTerminal();
        var progress = await store.ReadLatestEventsAsync(job.Id, new EventFilter(Only: Throughput.EventType), MaxProgress, cancellationToken);
        var events = await store.ReadLatestEventsAsync(job.Id, new EventFilter(Except: Throughput.EventType), MaxEvents, cancellationToken);
        var counts = await store.CountAsync(job.Id, cancellationToken);
        var until = job.EndedAt ?? time.GetUtcNow();
        return new(
            detail,
            job.Kind == EvaluationDocument.Kind ? null : ResultReader.CountSamples(counts),
            Throughput.Of([.. progress.Reverse()], ended ? null : job.Phase, until),
            ended ? await results.ReadAsync(job, cancellationToken) : null,
            ended ? [] : await LossesAsync(job, cancellationToken),
            [.. events.Select(e => new EventView(e.Seq, e.At, e.Type, JsonElement.Parse(e.Data)))],
            last is [var newest] ? newest.Seq : 0,
            ended ? await folder.ListAsync(job) : [],
            until - job.StartedAt);
    }

    private async Task<IReadOnlyList<ShardView>> LossesAsync(JobRecord job, CancellationToken cancellationToken)
    {
        var failed = await store.ListShardsAsync(job.Id, job.Phase, ShardState.Failed, 0, MaxLosses, cancellationToken);
        var quarantined = await store.ListShardsAsync(job.Id, job.Phase, ShardState.Quarantined, 0, MaxLosses, cancellationToken);
        return [.. failed.Concat(quarantined).OrderBy(s => s.Key.Index).Take(MaxLosses).Select(ShardView.Of)];
    }
}
