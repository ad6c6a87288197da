using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Domain.Curation;

/// <summary>
/// A <see cref="SelectRule"/> with the exact global cut of each leaf: judges one sample at a time, the same on every worker.
/// </summary>
/// <param name="rule">The rule; null keeps everything.</param>
/// <param name="cuts">One cut per leaf, in the order of <see cref="SelectRule.Leaves"/>.</param>
public sealed class SelectVerdicts(SelectRule? rule, IReadOnlyList<SelectionCut> cuts)
{
    /// <summary>Reason where no branch of an <c>any</c> keeps the sample.</summary>
    public const string AnyReason = "select.any";

    /// <summary>Judges a sample.</summary>
    /// <param name="scores">Its score for each leaf, NaN where it has none.</param>
    /// <param name="key">Its key.</param>
    /// <param name="part">Its part.</param>
    /// <param name="row">Its row in the part.</param>
    /// <returns>Null where it is kept, else the reason code: the first failing rule of an <c>all</c>, <see cref="AnyReason"/> for an <c>any</c>.</returns>
    public string? Judge(ReadOnlySpan<float> scores, string key, int part, long row)
    {
        var leaf = 0;
        return rule is null ? null : Judge(rule, ref leaf, scores, key, part, row);
    }

    /// <summary>The cut rule of a leaf, given how many samples were read.</summary>
    public static CutRule CutRuleOf(SelectTest test, long read) => test switch
    {
        SelectTest.Min min => new CutRule.AtLeast(min.Value),
        SelectTest.TopCount count => new CutRule.TopCount(count.Value),
        SelectTest.TopFraction { DataComp: true } fraction => new CutRule.DatacompFraction(fraction.Value),
        SelectTest.TopFraction { Base: FractionBase.Candidates } fraction => new CutRule.TopFraction(fraction.Value),
        SelectTest.TopFraction fraction => new CutRule.TopCount((long)decimal.Floor((decimal)fraction.Value * read)),
        _ => throw new ArgumentException($"There is no such test: {test}.", nameof(test)),
    };

    // Every leaf is visited, also behind a verdict already found: the index of a leaf is its place in the order of Leaves.
    private string? Judge(SelectRule node, ref int leaf, ReadOnlySpan<float> scores, string key, int part, long row)
    {
        switch (node)
        {
            case SelectRule.Leaf condition:
                var index = leaf++;
                return cuts[index].Includes(scores[index], key, part, row) ? null : condition.Reason;
            case SelectRule.All all:
                string? first = null;
                foreach (var child in all.Rules)
                {
                    first = Judge(child, ref leaf, scores, key, part, row) is { } reason ? first ?? reason : first;
                }

                return first;
            case SelectRule.Any any:
                var kept = false;
                foreach (var child in any.Rules)
                {
                    kept |= Judge(child, ref leaf, scores, key, part, row) is null;
                }

                return kept ? null : AnyReason;
            default:
                throw new InvalidOperationException("A select rule is a leaf, all or any.");
        }
    }
}
