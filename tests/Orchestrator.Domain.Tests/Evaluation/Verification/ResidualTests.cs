using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;

namespace Orchestrator.Domain.Tests.Evaluation.Verification;

/// <summary>Every ratio and residual that the verifiers hand to chance, in fractions worked out by hand.</summary>
public sealed class ResidualTests
{
    private static readonly double[] P = [0.5, 0.3, 0.2, 0];
    private static readonly double[] Q = [0.1, 0.4, 0.3, 0.2];

    [Fact]
    public void Chain_Rejection_DrawsThePositivePart()
    {
        var seen = Run(new ChainVerifier(), DraftDraw.Independent, [1], accept: []);
        Assert.Equal([0.75], seen.Ratios, Near);
        // max(0, p - q) = .4, 0, 0, 0.
        Assert.Equal([1, 0, 0, 0], seen.Last, Near);
    }

    [Fact]
    public void SpecInfer_TwoRejections_SubtractTheSameQTwice()
    {
        double[] p = [0.6, 0.2, 0.2, 0];
        double[] q = [0.2, 0.5, 0.1, 0.2];
        var seen = Run(new SpecInferVerifier(), DraftDraw.Independent, [1, 3], accept: [], p, q);
        // First: .2/.5. Residual: .4, 0, .1, 0 over .5 = .8, 0, .2, 0. Second: token 3 has none. Then .6, 0, .1, 0 over .7.
        Assert.Equal([0.4, 0], seen.Ratios, Near);
        Assert.Equal([6 / 7.0, 0, 1 / 7.0, 0], seen.Last, Near);
    }

    [Fact]
    public void Sequoia_TwoRejections_RenormaliseQWithoutTheRejected()
    {
        double[] p = [0.6, 0.2, 0.2, 0];
        double[] q = [0.2, 0.5, 0.1, 0.2];
        var seen = Run(new SequoiaVerifier(), DraftDraw.WithoutReplacement, [1, 2], accept: [], p, q);
        // First: .2/.5; residual .8, 0, .2, 0. q' = .4, 0, .2, .4: ratio .2/.2 = 1. Residual: .4, 0, 0, 0 = token 0 for certain.
        Assert.Equal([0.4, 1], seen.Ratios, Near);
        Assert.Equal([1, 0, 0, 0], seen.Last, Near);
    }

    [Fact]
    public void Sequoia_SecondChild_IsAcceptedOnTheResidual()
    {
        double[] p = [0.3, 0.3, 0.4];
        double[] q = [0.2, 0.6, 0.2];
        var seen = Run(new SequoiaVerifier(), DraftDraw.WithoutReplacement, [1, 2], accept: [false, true], p, q);
        // Residual: .1, 0, .2 over .3; q' = .5, 0, .5: ratio (2/3)/.5 = 4/3.
        Assert.Equal([0.5, 4 / 3.0], seen.Ratios, Near);
        Assert.Equal(2, seen.Verdict.Path.Single());
        Assert.Equal(2, seen.Verdict.Evaluated);
    }

    [Fact]
    public void Chain_AllAccepted_DrawsTheBonusFromP()
    {
        var seen = Run(new ChainVerifier(), DraftDraw.Independent, [0], accept: [true]);
        Assert.Equal([5], seen.Ratios, Near);
        Assert.Equal(P, seen.Last);
        Assert.Single(seen.Verdict.Path);
    }

    /// <summary>Where q covers p, a rejection is rounding alone; p stays rather than nothing.</summary>
    [Fact]
    public void Chain_ResidualOfNothing_FallsBackToP()
    {
        var seen = Run(new ChainVerifier(), DraftDraw.Independent, [0], accept: [false], P, P);
        Assert.Equal(P, seen.Last);
    }

    [Fact]
    public void SparseLaw_EqualsDense()
    {
        var sparse = DraftLaw.Sparse(new[] { 1, 0, 3, 2 }, new[] { 0.4, 0.1, 0.2, 0.3 });
        var dense = DraftLaw.Dense(Q);
        var (a, b) = ((double[])P.Clone(), (double[])P.Clone());
        Assert.Equal(dense.Subtract(a, 1.25), sparse.Subtract(b, 1.25), 1e-15);
        Assert.Equal(a, b);
        sparse.CopyTo(b);
        Assert.Equal(Q, b);
        Assert.Equal((0.4, 0), (sparse[1], sparse[9]));
        Assert.Throws<ArgumentException>(() => DraftLaw.Sparse(new[] { 1 }, new[] { 0.5, 0.5 }));
    }

    private static bool Near(double a, double b) => Math.Abs(a - b) < 1e-12;

    private static (List<double> Ratios, double[] Last, Verdict Verdict) Run(
        IVerifier verifier, DraftDraw draw, int[] children, bool[] accept, double[]? p = null, double[]? q = null)
    {
        var tree = new TokenTree(0);
        using var proposal = new Proposal(tree, draw);
        proposal.SetLaw(0, DraftLaw.Dense(q ?? Q));
        foreach (var token in children)
        {
            tree.Add(0, token);
        }

        Assert.True(verifier.Supports(draw, tree.IsChain));
        var chance = new Dictated(accept);
        var verdict = verifier.Verify(proposal, new Everywhere(p ?? P), chance);
        return (chance.Ratios, chance.Last, verdict);
    }

    private sealed class Everywhere(double[] p) : ITargetLaw
    {
        public int VocabularySize => p.Length;

        public ReadOnlySpan<double> At(int node) => p;
    }

    /// <summary>Answers as told, then no; keeps what it was asked.</summary>
    private sealed class Dictated(bool[] answers) : IChance
    {
        public List<double> Ratios { get; } = [];

        public double[] Last { get; private set; } = [];

        public bool Bernoulli(double probability)
        {
            Ratios.Add(probability);
            return Ratios.Count <= answers.Length && answers[Ratios.Count - 1];
        }

        public int Categorical(ReadOnlySpan<double> weights)
        {
            Last = weights.ToArray();
            return Array.FindIndex(Last, w => w > 0);
        }
    }
}
