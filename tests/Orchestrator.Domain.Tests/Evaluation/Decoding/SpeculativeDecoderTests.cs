using Microsoft.Extensions.Time.Testing;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Tracing;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Domain.Statistics;
using Orchestrator.Domain.Tests.Evaluation.Support;

namespace Orchestrator.Domain.Tests.Evaluation.Decoding;

public sealed class SpeculativeDecoderTests
{
    private static readonly int[] Prompt = [3, 1, 4, 1, 5, 1, 4];

    public static TheoryData<string> Families => [.. AllFamilies.Names];

    /// <summary>Every family, at temperature 0, gives the baseline's tokens; chain, tree and point-mass verifiers agree with the greedy one.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Greedy_EveryFamily_GivesTheBaselinesTokens(string family)
    {
        for (var seed = 0UL; seed < 6; seed++)
        {
            var baseline = Decode(seed, _ => new NoDrafter(), new GreedyVerifier(), SamplingOptions.Greedy);
            foreach (var verifier in AllFamilies.Verifiers(family))
            {
                var decoder = Decode(seed, model => AllFamilies.Open(family, model), verifier, SamplingOptions.Greedy);
                Assert.Equal(baseline.Text.Output, decoder.Text.Output);
                Assert.True(decoder.Steps.Count <= baseline.Steps.Count);
                RequestTally.Of(decoder.Trace(new RequestKey("1", 0, 0), "writing", 0)).Check();
            }
        }
    }

    /// <summary>The families that no verifier test covers are lossless under sampling too, end tokens included.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Sampled_EveryFamily_IsExact(string family)
    {
        foreach (var verifier in AllFamilies.Verifiers(family).Where(v => v is not GreedyVerifier))
        {
            var subject = new Subject(family, draft => AllFamilies.Open(family, draft), verifier, 2) { EndTokens = new HashSet<int> { 4 } };
            // Drafters with memory are told apart by their whole history: no two branches are merged wrongly.
            var (target, draft) = subject.Models(3);
            var sampling = new SamplingOptions(0.6, TopK: 2);
            var law = ExactCertificate.LawOf(chance => new Unmerged(subject.Open(sampling, target, draft, chance)), 4);
            Assert.True(ExactCertificate.Compare(subject.TargetLaw(sampling, target).Marginal(4), law, 4).IsGreen);
        }
    }

    [Fact]
    public void Step_EndToken_CutsWhatFollowsIt()
    {
        var free = Decode(0, _ => new NoDrafter(), new GreedyVerifier(), SamplingOptions.Greedy).Text.Output.ToList();
        var end = free.First(token => free.IndexOf(token) is > 1 and < 9);
        var limits = new DecodeLimits(40, new HashSet<int> { end });
        var baseline = Decode(0, _ => new NoDrafter(), new GreedyVerifier(), SamplingOptions.Greedy, limits);
        var decoder = Decode(0, model => new ChainDrafter(new ScriptedDraft(model), new FixedGamma(9)), new ChainVerifier(), SamplingOptions.Greedy, limits, sameDraft: true);
        Assert.Equal(baseline.Text.Output, decoder.Text.Output);
        Assert.Equal(end, decoder.Text.Last);
        Assert.Equal(DecodeEnd.EndToken, decoder.End);
        var last = decoder.Steps[^1];
        Assert.True(last.Truncated > 0);
        Assert.Equal(last.Accepted + 1, last.Emitted + last.Truncated);
        Assert.False(decoder.Step());
    }

    [Fact]
    public void Step_Limit_IsKept()
    {
        var decoder = Decode(1, model => new ChainDrafter(new ScriptedDraft(model), new FixedGamma(5)), new ChainVerifier(), new(0.8), new DecodeLimits(7, new HashSet<int>()), sameDraft: true);
        Assert.Equal((7, DecodeEnd.Limit), (decoder.Text.OutputLength, decoder.End));
    }

    /// <summary>A perfect draft is accepted whole: γ + 1 tokens a round.</summary>
    [Fact]
    public void Step_PerfectDraft_IsAcceptedWhole()
    {
        var decoder = Decode(2, model => new ChainDrafter(new ScriptedDraft(model), new FixedGamma(4)), new ChainVerifier(), new(0.9, TopP: 0.9), new DecodeLimits(41, new HashSet<int>()), sameDraft: true);
        Assert.Equal(8, decoder.Steps.Count);
        Assert.All(decoder.Steps, s => Assert.Equal((4, 4, 4, 5, true), (s.Drafted, s.Accepted, s.Evaluated, s.Emitted, s.Bonus)));
    }

    /// <summary>Where the target's context ends, every family has said what the baseline said, to the same token.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Step_ContextFull_EndsWhereTheBaselineDoes(string family)
    {
        var baseline = Decode(4, _ => new NoDrafter(), new GreedyVerifier(), SamplingOptions.Greedy, capacity: 29);
        var decoder = Decode(4, model => AllFamilies.Open(family, model), new GreedyVerifier(), SamplingOptions.Greedy, capacity: 29);
        Assert.Equal((DecodeEnd.ContextFull, DecodeEnd.ContextFull), (baseline.End, decoder.End));
        Assert.Equal(29 - Prompt.Length + 1, baseline.Text.OutputLength);
        Assert.Equal(baseline.Text.Output, decoder.Text.Output);
        Assert.Equal(RequestOutcome.ContextFull, decoder.Trace(new RequestKey("1", 0, 0), "qa", 3).Outcome);
    }

    /// <summary>Margins are those of each output token, cut ones left out, and a method's equal the baseline's.</summary>
    [Fact]
    public void Margins_Greedy_AreTheTargetsAtEachToken()
    {
        var model = new ScriptedModel(8, 3);
        var sampling = new SamplingOptions(0, RepetitionPenalty: 1.2);
        int[] text = [];
        foreach (var gamma in (int[])[0, 9])
        {
            var decoder = new SpeculativeDecoder(
                new ScriptedSequence(model),
                gamma == 0 ? new NoDrafter() : new ChainDrafter(new ScriptedDraft(model), new FixedGamma(gamma)),
                new GreedyVerifier(), sampling, new DecodeLimits(14, new HashSet<int>()), new SeededChance(new SeededStream(1)), TimeProvider.System) { KeepMargins = true };
            Assert.Throws<InvalidOperationException>(() => decoder.Trace(new RequestKey("1", 0, 0), "qa", 0));
            decoder.Run(Prompt, CancellationToken.None);
            text = [.. decoder.Text.Tokens];
            var expected = Enumerable.Range(Prompt.Length, 14).Select(at =>
            {
                var seen = text[..at].ToHashSet();
                var logits = model.After(text[..at]).Select((z, t) => seen.Contains(t) ? (z > 0 ? z / 1.2 : z * 1.2) : (double)z).OrderDescending().ToList();
                return logits[0] - logits[1];
            });
            Assert.Equal(expected, decoder.Margins);
        }
    }

    [Fact]
    public void Step_WrongVerifierForTheDraw_IsRefused()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Decode(
            1, model => new DraftTreeDrafter(new ScriptedDraft(model), TreeShape.FromBranching([3]), DraftDraw.WithoutReplacement), new SpecInferVerifier(), new(1)));
        Assert.Contains("WithoutReplacement", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => Decode(
            1, model => new ChainDrafter(new ScriptedDraft(model), new FixedGamma(2), greedy: true), new ChainVerifier(), new(1)));
    }

    [Fact]
    public void Start_EmptyPrompt_IsAnError() => Assert.Throws<ArgumentException>(() => Decode(1, _ => new NoDrafter(), new GreedyVerifier(), new(1), prompt: []));

    /// <summary>The parts of a round come from the clock given, each to its place.</summary>
    [Fact]
    public void Step_Timing_IsTheClocks()
    {
        var time = new FakeTimeProvider();
        var model = new ScriptedModel(8, 1);
        using var sequence = new SlowSequence(model, time);
        var decoder = new SpeculativeDecoder(
            sequence, new SlowDrafter(time), new GreedyVerifier(), SamplingOptions.Greedy, new DecodeLimits(3, new HashSet<int>()), new SeededChance(new SeededStream(1)), time);
        decoder.Run(Prompt, TestContext.Current.CancellationToken);
        Assert.Equal(70, decoder.PrefillMicroseconds);
        Assert.Equal(2, decoder.Steps.Count);
        Assert.All(decoder.Steps, s => Assert.Equal((30, 70, 5, 2), (s.DraftMicroseconds, s.VerifyMicroseconds, s.AcceptMicroseconds, s.CacheMicroseconds)));
    }

    private static SpeculativeDecoder Decode(
        ulong seed, Func<ScriptedModel, IDrafter> drafter, IVerifier verifier, SamplingOptions sampling, DecodeLimits? limits = null, bool sameDraft = false, int[]? prompt = null, int capacity = 1000)
    {
        var target = new ScriptedModel(8, (2 * seed) + 1);
        var draft = sameDraft ? target : new ScriptedModel(8, (2 * seed) + 2, 1, target);
        using var sequence = new ScriptedSequence(target, capacity);
        var decoder = new SpeculativeDecoder(
            sequence, drafter(draft), verifier, sampling, limits ?? new DecodeLimits(40, new HashSet<int>()), new SeededChance(new SeededStream(seed)), TimeProvider.System);
        decoder.Run(prompt ?? Prompt, CancellationToken.None);
        return decoder;
    }

    /// <summary>Keeps every branch apart.</summary>
    private sealed class Unmerged(IDecodeProcess process) : IDecodeProcess
    {
        private readonly System.Text.StringBuilder history = new();

        public string StateKey => $"{string.Join(' ', Output)}|{history}";

        public IReadOnlyList<int> Output => process.Output;

        public bool HasEnded => process.HasEnded;

        public void Advance()
        {
            process.Advance();
            history.Append(process.StateKey).Append(';');
        }
    }

    private sealed class SlowSequence(ScriptedModel model, FakeTimeProvider time) : ICausalSequence
    {
        private readonly ScriptedSequence inner = new(model);

        public int VocabularySize => inner.VocabularySize;

        public int Length => inner.Length;

        public int Capacity => inner.Capacity;

        public ILogitRows Prefill(ReadOnlySpan<int> prompt)
        {
            time.Advance(TimeSpan.FromMicroseconds(70));
            return inner.Prefill(prompt);
        }

        public ILogitRows Forward(TokenTree tree)
        {
            time.Advance(TimeSpan.FromMicroseconds(70));
            return inner.Forward(tree);
        }

        public void Keep(ReadOnlySpan<int> path)
        {
            time.Advance(TimeSpan.FromMicroseconds(2));
            inner.Keep(path);
        }

        public void Rewind(int length) => inner.Rewind(length);

        public void Dispose() => inner.Dispose();
    }

    private sealed class SlowDrafter(FakeTimeProvider time) : IDrafter
    {
        public Proposal Propose(DecodedText text, IChance chance)
        {
            time.Advance(TimeSpan.FromMicroseconds(30));
            return Proposal.Empty(text.Last);
        }

        public void Observe(in Round round) => time.Advance(TimeSpan.FromMicroseconds(5));
    }
}
