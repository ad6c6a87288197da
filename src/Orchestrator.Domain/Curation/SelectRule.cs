namespace Orchestrator.Domain.Curation;

/// <summary>Which samples are kept. A tree: leaves compare a signal, inner nodes combine.</summary>
public abstract record SelectRule
{
    private SelectRule()
    {
    }

    /// <summary>Leaves in the order in which they are written.</summary>
    public IEnumerable<Leaf> Leaves => this switch
    {
        Leaf leaf => [leaf],
        All all => all.Rules.SelectMany(r => r.Leaves),
        Any any => any.Rules.SelectMany(r => r.Leaves),
        _ => throw new InvalidOperationException("A select rule is a leaf, all or any."),
    };

    /// <summary>Whether the rule keeps a sample, given for each of <see cref="Leaves"/> whether it does; bit i is leaf i.</summary>
    /// <param name="kept">At most 64 leaves.</param>
    public bool Keeps(ulong kept)
    {
        var leaf = 0;
        return Keeps(kept, ref leaf);
    }

    private bool Keeps(ulong kept, ref int leaf)
    {
        if (this is Leaf)
        {
            return (kept >> leaf++ & 1) != 0;
        }

        var (rules, all) = this is All every ? (every.Rules, true) : (((Any)this).Rules, false);
        var result = all;
        foreach (var rule in rules)
        {
            var inner = rule.Keeps(kept, ref leaf);
            result = all ? result & inner : result | inner;
        }

        return result;
    }

    /// <summary>Kept where every rule keeps it; rejected by the first that does not.</summary>
    public sealed record All(IReadOnlyList<SelectRule> Rules) : SelectRule;

    /// <summary>Kept where at least one rule keeps it.</summary>
    public sealed record Any(IReadOnlyList<SelectRule> Rules) : SelectRule;

    /// <summary>A condition on one signal.</summary>
    /// <param name="By">Name of the score.</param>
    /// <param name="Test">What it must satisfy.</param>
    /// <param name="Of">Which reading of the score, for example <c>probability</c>; null for the score itself.</param>
    public sealed record Leaf(string By, SelectTest Test, string? Of = null) : SelectRule
    {
        /// <summary>Column of the score parts that it reads.</summary>
        public string Signal => Of is null ? By : $"{By}.{Of}";

        /// <summary>Reason code of samples that this rule rejects, for example <c>select.clip.topFraction</c> or <c>select.siglip.probability.min</c>.</summary>
        public string Reason => $"select.{Signal}.{Test.Name}";
    }
}

/// <summary>Condition of a leaf.</summary>
public abstract record SelectTest
{
    private SelectTest()
    {
    }

    /// <summary>Field name in documents.</summary>
    public abstract string Name { get; }

    /// <summary>Kept where the score is at least <paramref name="Value"/>.</summary>
    public sealed record Min(double Value) : SelectTest
    {
        /// <inheritdoc />
        public override string Name => "min";
    }

    /// <summary>
    /// Kept are the best floor(<paramref name="Value"/> x N), ties by key, N being the number of samples that have a score
    /// (<see cref="FractionBase.Candidates"/>) or that were read (<see cref="FractionBase.Pool"/>).
    /// </summary>
    /// <param name="Value">In (0, 1].</param>
    /// <param name="Base">What the fraction is of.</param>
    /// <param name="DataComp">
    /// True reproduces DataComp's apply_filter.py: the threshold is the score at rank floor(f x N) counted from 0 and every
    /// score at least as high is kept, so one more than the fraction and all ties.
    /// </param>
    public sealed record TopFraction(double Value, FractionBase Base, bool DataComp) : SelectTest
    {
        /// <inheritdoc />
        public override string Name => "topFraction";
    }

    /// <summary>Kept are the best <paramref name="Value"/>, ties by key.</summary>
    public sealed record TopCount(long Value) : SelectTest
    {
        /// <inheritdoc />
        public override string Name => "topCount";
    }
}

/// <summary>What a fraction is a fraction of.</summary>
public enum FractionBase
{
    /// <summary>Samples that passed the stages and have a finite score.</summary>
    Candidates,

    /// <summary>Every sample read.</summary>
    Pool,
}
