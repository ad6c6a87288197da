using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Domain.Statistics;
using Orchestrator.Domain.Tests.Evaluation.Support;

namespace Orchestrator.Domain.Tests.Evaluation.Verification;

public sealed class TypicalTests
{
    /// <summary>min(ε, δ·exp(-H)) by hand: H of a uniform law over n is ln n (less 1e-5·n), of a certain one 0.</summary>
    [Theory]
    [InlineData(1, 0.09, 0.3, 0.09)]
    [InlineData(2, 0.09, 0.3, 0.09)]
    [InlineData(10, 0.09, 0.3, 0.03)]
    [InlineData(100, 0.09, 0.3, 0.003)]
    [InlineData(4, 0.3, 0.09, 0.0225)]
    public void Threshold_UniformLaws_IsTheFormula(int tokens, double epsilon, double delta, double expected) =>
        Assert.Equal(expected, TypicalVerifier.Threshold([.. Enumerable.Repeat(1.0 / tokens, tokens)], epsilon, delta), expected * 2e-3);

    /// <summary>A certain and a half-half law, digit by digit: -Σ p ln(p + 1e-5).</summary>
    [Fact]
    public void Threshold_SmallLaws_KeepsMedusasConstant()
    {
        Assert.Equal(0.3 * Math.Exp(Math.Log(1.00001)), TypicalVerifier.Threshold([1, 0], epsilon: 9, delta: 0.3), 1e-15);
        Assert.Equal(0.3 * 0.50001, TypicalVerifier.Threshold([0.5, 0.5], epsilon: 9, delta: 0.3), 1e-15);
    }

    /// <summary>Longest accepted prefix first, then the larger Σ log p, then the earlier node.</summary>
    [Fact]
    public void Verify_Paths_LongestThenLikeliest()
    {
        var tree = new TokenTree(0);
        var a = tree.Add(0, 0);
        var b = tree.Add(0, 1);
        var c = tree.Add(b, 0);
        var d = tree.Add(b, 1);
        tree.Add(a, 3);
        double[] law = [0.5, 0.4, 0.1, 0];
        var verdict = Verify(tree, law, epsilon: 0.3, delta: 10);
        Assert.Equal([b, c], verdict.Path);
        Assert.Equal(5, verdict.Evaluated);
        // With a threshold above .5 nothing is left, and the target's own draw follows the root.
        Assert.Empty(Verify(tree, law, epsilon: 0.6, delta: 10).Path);
        Assert.Equal(2, verdict.Path.Count);
        Assert.NotEqual(d, verdict.Path[^1]);
    }

    [Fact]
    public void Verify_AtTheThreshold_Rejects()
    {
        var tree = new TokenTree(0);
        tree.Add(0, 1);
        Assert.Empty(Verify(tree, [0.75, 0.25], epsilon: 0.25, delta: 10).Path);
        Assert.Single(Verify(tree, [0.75, 0.25], epsilon: 0.2499, delta: 10).Path);
    }

    /// <summary>Lossy, says so, and its distance is measured; at temperature 0 it is exact.</summary>
    [Fact]
    public void Typical_Sampled_IsLossyAndLabelled()
    {
        var verifier = new TypicalVerifier(epsilon: 0.09, delta: 0.3);
        var subject = new Subject("typical", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(2), greedy: true), verifier, 2);
        var setting = new SamplingOptions(0.7, TopK: 3);
        var exact = subject.Certify(setting, 1);
        Assert.True(exact.TotalVariation > 0.1);
        var verdict = LosslessnessVerdict.OfSampled(verifier.IsLossless(setting), exact, null);
        Assert.Equal(("lossy", false), (verdict.Name, verdict.MayRank));
        Assert.True(verifier.IsLossless(SamplingOptions.Greedy));
        Assert.True(subject.Certify(SamplingOptions.Greedy, 1).IsGreen);
    }

    [Fact]
    public void TypicalLaw_OneStep_IsTheVerifiersOwn()
    {
        double[] law = [0.5, 0.3, 0.15, 0.05];
        Assert.Equal([1, 0, 0, 0], TeacherForced.TypicalLaw(law, [1, 0], epsilon: 0.09, delta: 0.3));
        Assert.Equal(law, TeacherForced.TypicalLaw(law, [3], epsilon: 0.09, delta: 0.3));
        Assert.Equal(0.5, TeacherForced.TotalVariation(TeacherForced.TypicalLaw(law, [0], epsilon: 0.09, delta: 0.3), law), 1e-15);
    }

    private static Verdict Verify(TokenTree tree, double[] law, double epsilon, double delta)
    {
        using var proposal = new Proposal(tree, DraftDraw.Deterministic);
        return new TypicalVerifier(epsilon, delta).Verify(proposal, new Same(law), new SeededChance(new SeededStream(1)));
    }

    private sealed class Same(double[] law) : ITargetLaw
    {
        public int VocabularySize => law.Length;

        public ReadOnlySpan<double> At(int node) => law;
    }
}
