using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>
/// Reads the final score parts twice, score and state columns only: first the range of each score, then its distribution and
/// the samples that galleries show. Memory: one row group of those columns and a few hundred numbers a score.
/// </summary>
internal sealed class ScoreScan
{
    /// <summary>Most scores with a distribution.</summary>
    public const int MaxScores = 32;

    /// <summary>Most scores with galleries.</summary>
    public const int MaxRankings = 3;

    /// <summary>Samples in a gallery.</summary>
    public const int GallerySize = 6;

    private readonly IReadOnlyList<string> _parts;
    private readonly List<(string Signal, float? Cut, Extremes Best, Extremes JustKept, Extremes JustRejected, Extremes Worst)> _rankings;
    private readonly List<SamplePlace> _duplicates = [];

    private ScoreScan(IReadOnlyList<string> parts, CurationJob job, CurationDecision decision)
    {
        _parts = parts;
        Distributions = [.. InOrder(job, decision).Take(MaxScores).Select(s => new ScoreDistribution(s))];
        _rankings = [.. RankingsOf(job, decision).Select(s => (s, CutOf(decision, s), Top(), Bottom(), Top(), Bottom()))];

        static Extremes Top() => new(highest: true, GallerySize);
        static Extremes Bottom() => new(highest: false, GallerySize);
    }

    /// <summary>Distribution of each score, those that <c>select</c> names first.</summary>
    public IReadOnlyList<ScoreDistribution> Distributions { get; }

    /// <summary>Reads the parts.</summary>
    /// <param name="parts">Paths of the final parts, in the order of the plan.</param>
    /// <param name="job">The job.</param>
    /// <param name="decision">Its plan.</param>
    /// <param name="cancellationToken">Observed between row groups.</param>
    public static ScoreScan Read(IReadOnlyList<string> parts, CurationJob job, CurationDecision decision, CancellationToken cancellationToken)
    {
        var scan = new ScoreScan(parts, job, decision);
        scan.ReadRanges(cancellationToken);
        scan.ReadCounts(cancellationToken);
        return scan;
    }

    /// <summary>The galleries, each from high to low scores; a sample stands in the first one it belongs to.</summary>
    public IEnumerable<(string? Signal, GalleryKind Kind, IReadOnlyList<SamplePlace> Places)> Galleries()
    {
        foreach (var (signal, _, best, justKept, justRejected, worst) in _rankings)
        {
            yield return (signal, GalleryKind.Best, [.. best.Places]);
            yield return (signal, GalleryKind.JustKept, [.. justKept.Places.Except(best.Places).Reverse()]);
            yield return (signal, GalleryKind.JustRejected, [.. justRejected.Places]);
            yield return (signal, GalleryKind.Worst, [.. worst.Places.Except(justRejected.Places).Reverse()]);
        }

        yield return (null, GalleryKind.Duplicates, _duplicates);
    }

    private static IEnumerable<string> InOrder(CurationJob job, CurationDecision decision) =>
        decision.Leaves.Select(l => l.By).Concat(job.Signals).Distinct(StringComparer.Ordinal);

    // What select names; without it the scores of models, else whatever there is.
    private static IEnumerable<string> RankingsOf(CurationJob job, CurationDecision decision)
    {
        var named = decision.Leaves.Select(l => l.By).Distinct(StringComparer.Ordinal).ToList();
        var scores = job.Signals.Where(s => !s.StartsWith(Domain.Curation.Stages.BasicFilterOptions.TypeName + ".", StringComparison.Ordinal)).ToList();
        return (named.Count > 0 ? named : scores.Count > 0 ? scores : job.Signals).Take(MaxRankings);
    }

    private static float? CutOf(CurationDecision decision, string signal) =>
        decision.Leaves.FirstOrDefault(l => l.By == signal && l.Cut.Kind == CutKind.At)?.Cut.Threshold;

    private void ReadRanges(CancellationToken cancellationToken)
    {
        string[] columns = [.. Distributions.Select(d => d.Signal)];
        foreach (var path in _parts)
        {
            using var reader = ScorePartReader.OpenOrThrow(path);
            foreach (var batch in reader.ReadColumns(columns))
            {
                cancellationToken.ThrowIfCancellationRequested();
                foreach (var distribution in Distributions)
                {
                    distribution.Extend(batch.Signal(distribution.Signal));
                }
            }
        }
    }

    private void ReadCounts(CancellationToken cancellationToken)
    {
        string[] columns = [ScoreColumn.State, ScoreColumn.Reason, .. Distributions.Select(d => d.Signal).Union(_rankings.Select(r => r.Signal), StringComparer.Ordinal)];
        for (var part = 0; part < _parts.Count; part++)
        {
            using var reader = ScorePartReader.OpenOrThrow(_parts[part]);
            foreach (var batch in reader.ReadColumns(columns))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Count(batch);
                Rank(batch, part);
            }
        }
    }

    private void Count(ScoreBatch batch)
    {
        var (states, reasons) = (batch.Text(ScoreColumn.State), batch.Text(ScoreColumn.Reason));
        foreach (var distribution in Distributions)
        {
            var scores = batch.Signal(distribution.Signal);
            for (var i = 0; i < scores.Length; i++)
            {
                distribution.Count(scores[i], states[i], CandidateMap.IsCandidate(states[i], reasons[i]));
            }
        }
    }

    private void Rank(ScoreBatch batch, int part)
    {
        var (states, reasons) = (batch.Text(ScoreColumn.State), batch.Text(ScoreColumn.Reason));
        for (var i = 0; i < batch.Count; i++)
        {
            var place = new SamplePlace(part, batch.FirstRow + i);
            if (states[i] == SampleStates.Duplicate && _duplicates.Count < GallerySize)
            {
                _duplicates.Add(place);
            }

            foreach (var (signal, cut, best, justKept, justRejected, worst) in _rankings)
            {
                var score = batch.Signal(signal)[i];
                if (states[i] == SampleStates.Kept)
                {
                    best.Add(score, place);
                    justKept.Add(score, place);
                }
                else if (states[i] == SampleStates.Rejected && score <= cut && CandidateMap.IsCandidate(states[i], reasons[i]))
                {
                    justRejected.Add(score, place);
                }

                if (states[i] is not (SampleStates.Kept or SampleStates.Quarantined))
                {
                    worst.Add(score, place);
                }
            }
        }
    }
}
