using System.Text.Json;
using Orchestrator.Api.Submission;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>Puts a job's result together from its rows and, for an evaluation, its published figures.</summary>
public sealed class ResultReader(IJobStore store, ArtifactFolder artifacts)
{
    private const int MaxProblems = 1000;
    private const int Batch = 1000;

    /// <summary>The result so far.</summary>
    public async Task<JobResult> ReadAsync(JobRecord job, CancellationToken cancellationToken)
    {
        var phases = await store.CountAsync(job.Id, cancellationToken);
        return new(
            job.Id.Value, job.Name, job.State, job.Error, job.OutputKey,
            CountSamples(phases),
            await InputShardsAsync(job.Id, phases.FirstOrDefault(p => p.Phase == CurationPlan.Score), cancellationToken),
            await TimingsAsync(job, phases, cancellationToken),
            await ModelsAsync(job.Id, cancellationToken),
            job.Kind == EvaluationDocument.Kind ? await EvaluationAsync(job, cancellationToken) : null);
    }

    private async Task<JsonElement?> EvaluationAsync(JobRecord job, CancellationToken cancellationToken)
    {
        if ((await artifacts.FindAsync(job, "result.json")).File is not { } file)
        {
            return null;
        }

        await using var content = await artifacts.OpenAsync(file);
        using var json = await JsonDocument.ParseAsync(content, default, cancellationToken);
        return json.RootElement.Clone();
    }

    /// <summary>
    /// The last phase that counted samples tells: <c>publish</c> where it has run, which judges every sample, else <c>score</c>,
    /// after which those that passed the stages are still candidates.
    /// </summary>
    internal static SampleCounts CountSamples(IReadOnlyList<PhaseCounts> phases)
    {
        // Not write: its shards count what they have written so far, which is less than what was read until the last of them.
        var final = phases.FirstOrDefault(p => p.Phase == CurationPlan.Publish && p.Tally.ContainsKey(CurationTally.Read));
        var tally = (final ?? phases.FirstOrDefault(p => p.Phase == CurationPlan.Score))?.Tally ?? new Dictionary<string, long>();
        var read = tally.GetValueOrDefault(CurationTally.Read);
        var kept = tally.GetValueOrDefault(CurationTally.Kept);
        var rejected = tally.GetValueOrDefault(CurationTally.Rejected);
        var duplicate = tally.GetValueOrDefault(CurationTally.Duplicate);
        var quarantined = tally.GetValueOrDefault(CurationTally.Quarantined);
        var undecided = final is null ? tally.GetValueOrDefault(CurationTally.Candidates) : 0;
        return new(
            read, kept, rejected, duplicate, quarantined, undecided,
            kept + rejected + duplicate + quarantined + undecided == read,
            Under(tally, CurationTally.RejectedBy("")), Under(tally, CurationTally.QuarantinedBy("")), Under(tally, CurationTally.Captions("")),
            tally.GetValueOrDefault(CurationTally.NotDownloaded), Under(tally, CurationTally.NotDownloadedBy("")), tally.GetValueOrDefault(CurationTally.OutsideSubset));
    }

    private static SortedDictionary<string, long> Under(IReadOnlyDictionary<string, long> tally, string prefix) =>
        new(tally.Where(t => t.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(t => t.Key[prefix.Length..], t => t.Value), StringComparer.Ordinal);

    private async Task<InputShardCounts> InputShardsAsync(JobId id, PhaseCounts? score, CancellationToken cancellationToken)
    {
        if (score is null)
        {
            return new(0, 0, 0, 0, 0, []);
        }

        var problems = new List<ShardProblem>();
        if (score.Failed > 0)
        {
            await CollectAsync(id, ShardState.Failed, _ => true, problems, cancellationToken);
        }

        if (score.Quarantined > 0)
        {
            await CollectAsync(id, ShardState.Quarantined, _ => true, problems, cancellationToken);
        }

        var damaged = score.Tally.GetValueOrDefault(CurationTally.DamagedShards);
        if (damaged > 0)
        {
            await CollectAsync(id, ShardState.Committed, s => s.Tally?.GetValueOrDefault(CurationTally.DamagedShards) > 0, problems, cancellationToken);
        }

        var total = score.ToSummary().Total;
        return new(total, score.Committed, score.Failed, score.Quarantined, damaged, problems);
    }

    private async Task CollectAsync(JobId id, ShardState state, Func<ShardRecord, bool> wanted, List<ShardProblem> problems, CancellationToken cancellationToken)
    {
        var from = 0;
        while (problems.Count < MaxProblems)
        {
            var page = await store.ListShardsAsync(id, CurationPlan.Score, state, from, Batch, cancellationToken);
            foreach (var shard in page.Where(wanted).Take(MaxProblems - problems.Count))
            {
                problems.Add(new ShardProblem(
                    ShardIds.Of(shard.Key),
                    InputShardPayload.NameOf(JsonElement.Parse(shard.Payload)),
                    state == ShardState.Committed ? "damaged" : Http.WireNames.Of(state),
                    state == ShardState.Committed ? await DamageAsync(id, shard.Key.Index, cancellationToken) : shard.Error));
            }

            if (page.Count < Batch)
            {
                return;
            }

            from = page[^1].Key.Index + 1;
        }
    }

    private async Task<string?> DamageAsync(JobId id, int index, CancellationToken cancellationToken)
    {
        var committed = await store.ListCommittedAsync(id, CurationPlan.Score, index, 1, cancellationToken);
        return committed is [var shard]
            && JsonElement.Parse(shard.Manifest) is { ValueKind: JsonValueKind.Object } manifest
            && manifest.TryGetProperty("damage", out var damage)
            && damage.ValueKind == JsonValueKind.Object
            && damage.TryGetProperty("message", out var message)
            ? message.GetString()
            : null;
    }

    private async Task<IReadOnlyList<PhaseTiming>> TimingsAsync(JobRecord job, IReadOnlyList<PhaseCounts> phases, CancellationToken cancellationToken)
    {
        var starts = await PhaseStarts.ReadAsync(store, job, cancellationToken);
        return
        [
            .. phases.Select((p, i) =>
            {
                var start = starts.TryGetValue(p.Phase, out var at) ? at : (DateTimeOffset?)null;
                DateTimeOffset? end = i + 1 < phases.Count && starts.TryGetValue(phases[i + 1].Phase, out var next) ? next : job.EndedAt;
                return new PhaseTiming(p.Phase, p.ToSummary().Total, start, end, end < start ? null : (end - start)?.TotalSeconds);
            }),
        ];
    }

    private async Task<IReadOnlyDictionary<string, JsonElement>> ModelsAsync(JobId id, CancellationToken cancellationToken)
    {
        var published = await store.ListCommittedAsync(id, CurationPlan.Publish, 0, 1, cancellationToken);
        return published is [var only]
            && JsonElement.Parse(only.Manifest) is { ValueKind: JsonValueKind.Object } manifest
            && manifest.TryGetProperty("models", out var models)
            && models.ValueKind == JsonValueKind.Object
            ? models.EnumerateObject().ToDictionary(p => p.Name, p => p.Value)
            : new Dictionary<string, JsonElement>();
    }
}
