using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Selection;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation.Dedup;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Decides over scored parts: runs the stages over the whole pool, finds the exact global cut of every rule by reading
/// score columns, then counts what each part keeps, so that output shards are contiguous ranges of the kept samples in input
/// order. Memory: a bit a sample, and what dedup needs (see <see cref="PoolDedup"/>).
/// </summary>
/// <param name="workspace">The job's workspace.</param>
/// <param name="folder">The attempt's folder.</param>
internal sealed class PoolDecision(CurationWorkspace workspace, AttemptFolder folder)
{
    /// <summary>Decides and writes the plan.</summary>
    /// <param name="parts">Score parts, in input order.</param>
    /// <param name="indexes">Index of the input shard of each.</param>
    /// <param name="cancellationToken">Observed between parts.</param>
    public ShardOutcome Run(IReadOnlyList<ScoreManifest> parts, IReadOnlyList<int> indexes, CancellationToken cancellationToken)
    {
        var decision = Decide(parts, indexes, cancellationToken);
        var plan = workspace.WriteFile(folder, "plan.json", "", stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(CurationJson.Write(decision))));
        var tally = new Dictionary<string, long>
        {
            [CurationPlan.OutputTarsTally] = decision.OutputTars,
            [CurationPlan.PartsTally] = decision.Parts.Count,
        };
        return ShardOutcome.Completed(CurationJson.ToOutput(new DecideManifest(plan), tally));
    }

    private CurationDecision Decide(IReadOnlyList<ScoreManifest> parts, IReadOnlyList<int> indexes, CancellationToken cancellationToken)
    {
        var job = workspace.Job;
        var paths = parts.Select(p => workspace.PathOf(p.Scores)).ToList();
        var read = parts.Sum(p => p.Rows);
        var candidates = CandidateMap.Read(paths, cancellationToken);
        var (found, notes) = RunStages(parts, paths, candidates, cancellationToken);
        var leaves = new List<DecidedLeaf>();
        foreach (var leaf in job.Select?.Leaves ?? [])
        {
            var source = new ScorePartSource(paths, leaf.Signal, candidates);
            leaves.Add(new DecidedLeaf(leaf.Signal, leaf.Reason, GlobalCut.Find(source, SelectVerdicts.CutRuleOf(leaf.Test, read), cancellationToken: cancellationToken)));
        }

        var decided = new List<DecidedPart>(parts.Count);
        string? lastKey = null;
        var reader = new DecidedPartReader(job, leaves);
        for (var i = 0; i < parts.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = parts[i];
            var kept = reader.CountKept(paths[i], i, candidates, ref lastKey, out var keyBefore);
            decided.Add(new DecidedPart(
                indexes[i], part.Source, part.SourceBytes, part.Rows, kept, keyBefore, part.Scores, part.Quarantine, part.Embeddings,
                notes.GetValueOrDefault(i), part.Models, EmbeddingReuse.Of(part.Tally), part.Damage, BesideOf(part)));
        }

        var total = decided.Sum(p => p.Kept);
        var perShard = job.Output.SamplesPerShard;
        return new CurationDecision(read, total, perShard, checked((int)((total + perShard - 1) / perShard)), leaves, found.Dedup, found.ImageClusters, found.Synsets, decided);
    }

    private (PoolFindings Found, IReadOnlyDictionary<int, AttemptFile> Files) RunStages(
        IReadOnlyList<ScoreManifest> parts, IReadOnlyList<string> paths, CandidateMap candidates, CancellationToken cancellationToken)
    {
        var pool = new DedupPool([.. parts.Select(p => new DedupPart(workspace.PathOf(p.Scores), signal => EmbeddingsOf(p, signal), IsEarlier: false))], candidates);
        var runs = folder.File("runs");
        using var notes = new PoolNotes(runs);
        var dedup = new PoolDedup(pool, notes, runs, workspace.Job.Seed);
        var found = new PoolFindings();
        foreach (var stage in workspace.Job.Stages)
        {
            switch (stage)
            {
                case DedupOptions options:
                    found.Dedup.Add(dedup.Run(options, EarlierPools.Open(options.Against, workspace.Storage, workspace.Pins, "against"), cancellationToken));
                    break;
                case ImageClusterFilterOptions options:
                    found.ImageClusters.Add(new PoolImageClusters(pool, notes, workspace.Storage, workspace.Pins, workspace.Job.Seed).Run(options, cancellationToken));
                    break;
                case SynsetLabelsOptions options:
                    var labels = new PoolSynsets(paths, candidates, notes).Run(options, cancellationToken);
                    found.Synsets = workspace.WriteFile(folder, OutputNames.Synsets, OutputNames.Synsets, stream => SynsetVocabulary.Write(stream, labels));
                    break;
                case BalanceOptions options:
                    new PoolBalance(paths, candidates, notes, workspace.Job.Seed).Run(options, cancellationToken);
                    break;
            }
        }

        return (found, notes.Write(workspace, folder));
    }

    private static SortedDictionary<string, long>? BesideOf(ScoreManifest part) =>
        part.Tally.Where(t => CurationTally.IsBeside(t.Key)).ToDictionary() is { Count: > 0 } found ? new(found, StringComparer.Ordinal) : null;

    private string? EmbeddingsOf(ScoreManifest part, string signal) =>
        part.Embeddings.FirstOrDefault(e => e.Signal == signal) is { } found ? workspace.PathOf(found.File) : null;

    private sealed class PoolFindings
    {
        public List<DecidedDedup> Dedup { get; } = [];

        public List<DecidedImageClusters> ImageClusters { get; } = [];

        public AttemptFile? Synsets { get; set; }
    }
}
