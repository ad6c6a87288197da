using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Domain.Statistics;
using Orchestrator.Domain.Tests.Evaluation.Support;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Domain.Tests.Evaluation.Losslessness;

public sealed class RoundProbeTests
{
    private static readonly SamplingOptions Setting = new(0.7, TopK: 4);

    public static TheoryData<string> LosslessNames => [.. Subjects.Lossless.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(LosslessNames))]
    public void CorrectMethod_NextTokensLawIsTheTargets(string name)
    {
        var subject = Subjects.Lossless.Single(s => s.Name == name);
        var seen = RoundObservations.Sum(Enumerable.Range(0, 5).Select(seed => Watch(subject, (ulong)seed).Seen));
        Assert.InRange(seen.Largest, 0, 1e-12);
        var hasClosedForm = name is not ("baseline" or "sequoia 3" or "sequoia, two levels");
        Assert.Equal(hasClosedForm, seen.Positions > 0);
        Assert.Equal(name != "baseline", seen.OfferedByRank.Count > 0);
    }

    /// <summary>Controls A and B lie about the law that drew: the closed form shows it at once, without a single comparison of outputs.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void MisreportedDraft_IsMeasured(bool greedy)
    {
        var control = new Subject("misreported", draft => new MisreportedChain(new ScriptedDraft(draft), 2, greedy), new ChainVerifier(), 2);
        Assert.True(Watch(control, 3).Seen.MeanTotalVariation > 0.01);
    }

    /// <summary>Watching changes no draw: the outputs are those of the decoder alone.</summary>
    [Fact]
    public void Watched_OutputsAreTheSame()
    {
        foreach (var subject in Subjects.Lossless)
        {
            var (watched, plain) = (Watch(subject, 9).Output, subject.Sample(Setting, 9, 1).Single());
            Assert.Equal(plain, watched.Take(plain.Count));
        }
    }

    /// <summary>Where typical acceptance takes a candidate of probability p, the law is a point: distance 1 - p and divergence -ln p.</summary>
    [Fact]
    public void Typical_IsMeasuredByHand()
    {
        var probe = new RoundProbe();
        var tree = new TokenTree(0);
        tree.Add(0, 1);
        tree.Add(0, 2);
        var proposal = new Proposal(tree, DraftDraw.Deterministic);
        using var law = new Fixed([0.1, 0.2, 0.6, 0.1]);
        var verdict = probe.Watch(new TypicalVerifier(epsilon: 0.09, delta: 0.3)).Verify(proposal, law, new SeededChance(new SeededStream(1)));
        Assert.Equal([2], verdict.Path);
        Assert.Equal((1, 0.4, -Math.Log(0.6)), (probe.Observations.Positions, Math.Round(probe.Observations.MeanTotalVariation, 12), probe.Observations.MeanDivergence));
        Assert.Equal([0L, 1], probe.Observations.AcceptedByRank);
        Assert.Equal([1L, 1], probe.Observations.OfferedByRank);
    }

    /// <summary>Σ min(p, q) is what the first candidates' acceptance tends to.</summary>
    [Fact]
    public void Overlap_IsTheExpectedAcceptance()
    {
        var chain = new Subject("chain", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(1)), new ChainVerifier(), 1);
        var seen = RoundObservations.Sum(Enumerable.Range(0, 60).Select(seed => Watch(chain, (ulong)seed, 60).Seen));
        // Some 2,000 rounds: a share is off by 0.011 on average at most, and by four of these hardly ever.
        Assert.Equal(seen.AcceptanceByRank[0], seen.MeanOverlap, 0.045);
    }

    private static (RoundObservations Seen, IReadOnlyList<int> Output) Watch(Subject subject, ulong seed, int tokens = 20)
    {
        var probe = new RoundProbe();
        var (target, draft) = subject.Models(seed);
        var decoder = new SpeculativeDecoder(
            subject.Sequence(target), probe.Watch(subject.Drafter(draft)), probe.Watch(subject.Verifier), Setting, new DecodeLimits(tokens, new HashSet<int>()),
            new SeededChance(SeededStream.For((long)seed, subject.Name, "sample-0")), TimeProvider.System);
        decoder.Run([1, 0, 2, 1], TestContext.Current.CancellationToken);
        return (probe.Observations, [.. decoder.Text.Output]);
    }

    private sealed class Fixed(double[] law) : ITargetLaw, IDisposable
    {
        public int VocabularySize => law.Length;

        public ReadOnlySpan<double> At(int node) => law;

        public void Dispose()
        {
        }
    }
}
