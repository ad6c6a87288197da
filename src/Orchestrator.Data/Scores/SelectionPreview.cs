using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Data.Scores;

/// <summary>What a <c>select</c> would keep of scored parts, found without writing anything.</summary>
/// <param name="Samples">Rows in all.</param>
/// <param name="Candidates">Rows that no stage spoke against.</param>
/// <param name="Kept">Candidates that the whole rule keeps.</param>
/// <param name="Rules">Each leaf of the rule, in order.</param>
/// <param name="Overlaps">Each pair of leaves, in order.</param>
public sealed record SelectionPreview(
    long Samples, long Candidates, long Kept, IReadOnlyList<RulePreview> Rules, IReadOnlyList<RuleOverlap> Overlaps)
{
    /// <summary>Most leaves that a preview counts.</summary>
    public const int MaxLeaves = 64;

    /// <summary>Counts.</summary>
    /// <param name="parts">Paths of score parts.</param>
    /// <param name="select">The rule; null keeps every candidate.</param>
    /// <param name="cancellationToken">Observed between row groups.</param>
    /// <exception cref="InvalidDataException">A part cannot be read.</exception>
    public static SelectionPreview Count(IReadOnlyList<string> parts, SelectRule? select, CancellationToken cancellationToken = default)
    {
        var candidates = CandidateMap.Read(parts, cancellationToken);
        SelectRule.Leaf[] leaves = [.. select?.Leaves ?? []];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(leaves.Length, MaxLeaves, nameof(select));
        return Count(parts, candidates, select, Array.ConvertAll(leaves, leaf => GlobalCut.Find(
            new ScorePartSource(parts, leaf.Signal, candidates), SelectVerdicts.CutRuleOf(leaf.Test, candidates.Rows), cancellationToken: cancellationToken)), cancellationToken);
    }

    /// <summary>Counts with cuts that are known already.</summary>
    /// <param name="parts">Paths of score parts, in the order that the cuts mean.</param>
    /// <param name="candidates">Candidates of the parts.</param>
    /// <param name="select">The rule; null keeps every candidate.</param>
    /// <param name="cuts">The cut of each leaf of the rule, at most <see cref="MaxLeaves"/>.</param>
    /// <param name="cancellationToken">Observed between row groups.</param>
    /// <exception cref="InvalidDataException">A part cannot be read.</exception>
    public static SelectionPreview Count(
        IReadOnlyList<string> parts, CandidateMap candidates, SelectRule? select, SelectionCut[] cuts, CancellationToken cancellationToken = default)
    {
        SelectRule.Leaf[] leaves = [.. select?.Leaves ?? []];
        ArgumentOutOfRangeException.ThrowIfNotEqual(cuts.Length, leaves.Length, nameof(cuts));

        // One reading counts samples by the set of leaves that keep them; every figure is a sum over those sets.
        var sets = CountSets(parts, candidates, leaves, cuts, cancellationToken);
        long Sum(Func<ulong, bool> belongs) => sets.Where(s => belongs(s.Key)).Sum(s => s.Value);
        return new SelectionPreview(
            candidates.Rows,
            candidates.Count,
            select is null ? candidates.Count : Sum(select.Keeps),
            [.. leaves.Select((leaf, i) => new RulePreview(
                leaf.Reason, cuts[i].Eligible, cuts[i].Selected, Sum(set => set == 1UL << i), cuts[i].Kind == CutKind.At ? cuts[i].Threshold : null))],
            [.. from i in Enumerable.Range(0, leaves.Length)
                from j in Enumerable.Range(i + 1, leaves.Length - i - 1)
                let both = 1UL << i | 1UL << j
                select new RuleOverlap(leaves[i].Reason, leaves[j].Reason, Sum(set => (set & both) == both), Sum(set => (set & both) != 0))]);
    }

    private static Dictionary<ulong, long> CountSets(
        IReadOnlyList<string> parts, CandidateMap candidates, SelectRule.Leaf[] leaves, SelectionCut[] cuts, CancellationToken cancellationToken)
    {
        var sets = new Dictionary<ulong, long>();
        string[] signals = [.. leaves.Select(l => l.Signal).Distinct(StringComparer.Ordinal)];
        for (var part = 0; part < parts.Count && leaves.Length > 0; part++)
        {
            using var reader = ScorePartReader.OpenOrThrow(parts[part]);
            foreach (var batch in reader.ReadColumns(signals))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var columns = Array.ConvertAll(leaves, leaf => batch.Signal(leaf.Signal));
                string?[]? keys = null;
                for (var i = 0; i < batch.Count; i++)
                {
                    if (!candidates[part, batch.FirstRow + i])
                    {
                        continue;
                    }

                    var set = 0UL;
                    for (var leaf = 0; leaf < cuts.Length; leaf++)
                    {
                        var score = columns[leaf][i];
                        if (cuts[leaf].NeedsKey(score))
                        {
                            keys ??= reader.ReadGroup(batch.Group, batch.FirstRow, [ScoreColumn.Key]).Text(ScoreColumn.Key);
                        }

                        set |= cuts[leaf].Includes(score, keys?[i] ?? "", part, batch.FirstRow + i) ? 1UL << leaf : 0;
                    }

                    sets[set] = sets.GetValueOrDefault(set) + 1;
                }
            }
        }

        return sets;
    }
}

/// <summary>One leaf of a rule.</summary>
/// <param name="Rule">Its reason code, e.g. <c>select.clip.topFraction</c>.</param>
/// <param name="Scored">Candidates with a finite score.</param>
/// <param name="Kept">Those that this rule keeps.</param>
/// <param name="Alone">Those that no other rule keeps.</param>
/// <param name="Threshold">Lowest score kept; null where every score or none is kept.</param>
public sealed record RulePreview(string Rule, long Scored, long Kept, long Alone, float? Threshold);

/// <summary>How two leaves overlap.</summary>
/// <param name="Rule">The first.</param>
/// <param name="Other">The second.</param>
/// <param name="Both">Samples that both keep.</param>
/// <param name="Either">Samples that at least one keeps.</param>
public sealed record RuleOverlap(string Rule, string Other, long Both, long Either);
