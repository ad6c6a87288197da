using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Tracing;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Domain.Statistics;
using Orchestrator.Domain.Tests.Evaluation.Support;

namespace Orchestrator.Domain.Tests.Evaluation.Decoding;

/// <summary>Record once, replay many: a replay decides what the target itself would have decided.</summary>
public sealed class RecordedSequenceTests
{
    private const int Vocabulary = 9;
    private const int NewTokens = 30;
    private static readonly int[] Prompt = [3, 1, 4, 1, 5];

    public static TheoryData<string> Replayable => [.. AllFamilies.Names.Except(["jacobi", "lookahead", "medusa"])];

    [Theory]
    [MemberData(nameof(Replayable))]
    public void Replay_EveryFamily_EqualsTheTarget(string family)
    {
        for (var seed = 0UL; seed < 5; seed++)
        {
            var target = new ScriptedModel(Vocabulary, (2 * seed) + 1);
            var draft = new ScriptedModel(Vocabulary, (2 * seed) + 2, 1, target);
            var live = Decode(new ScriptedSequence(target), AllFamilies.Open(family, draft));
            var replay = Decode(Record(target), AllFamilies.Open(family, draft));
            Assert.Equal(live.Text.Output, replay.Text.Output);
            Assert.Equal(Decisions(live.Steps.SkipLast(1)), Decisions(replay.Steps.SkipLast(1)));
            var (last, replayed) = (live.Steps[^1], replay.Steps[^1]);
            Assert.Equal((last.Drafted, last.Emitted), (replayed.Drafted, replayed.Emitted));
            Assert.InRange(replayed.Accepted, last.Emitted - 1, last.Accepted);
        }
    }

    /// <summary>The rows give back the recorded law: the best tokens exactly, the tail as one mass.</summary>
    [Fact]
    public void Row_OnTheRecord_KeepsTopAndTail()
    {
        var target = new ScriptedModel(Vocabulary, 7);
        using var record = Record(target);
        var law = new double[Vocabulary];
        SamplingLaw.Fill(record.Prefill(Prompt).Row(Prompt.Length - 1), new SamplingOptions(), [], law);
        var expected = target.Law(Prompt, new SamplingOptions());
        int[] top = [.. Enumerable.Range(0, Vocabulary).OrderByDescending(t => expected[t]).Take(3)];
        Assert.All(top, token => Assert.Equal(expected[token], law[token], 1e-6));
        Assert.Single(law.Where((_, token) => !top.Contains(token)).Select(p => Math.Round(p, 12)).Distinct());
    }

    [Fact]
    public void Replay_WhatWasNotRecorded_IsAnError()
    {
        var target = new ScriptedModel(Vocabulary, 8);
        var error = Assert.Throws<InvalidOperationException>(() => Decode(Record(target), new JacobiDrafter(3)));
        Assert.Contains("needs the target itself", error.Message, StringComparison.Ordinal);
        using var record = Record(target);
        Assert.Throws<ArgumentException>(() => record.Prefill([1, 2]));
        record.Prefill(Prompt);
        var first = Decode(new ScriptedSequence(target), new NoDrafter()).Text.Output.First();
        record.Forward(new TokenTree((first + 1) % Vocabulary));
        Assert.Throws<InvalidOperationException>(() => record.Keep([]));
    }

    private static IEnumerable<object> Decisions(IEnumerable<StepTrace> steps) =>
        steps.Select(s => (object)(s.Drafted, s.Depth, s.Accepted, s.Evaluated, s.Bonus, s.Emitted, s.Truncated));

    private static RecordedSequence Record(ScriptedModel target)
    {
        var output = Decode(new ScriptedSequence(target), new NoDrafter()).Text.Output.ToList();
        return new RecordedSequence(Vocabulary, Prompt, [.. output.Select((token, i) =>
        {
            int[] before = [.. Prompt, .. output.Take(i)];
            var (logits, law) = (target.After(before), target.Law(before, new SamplingOptions()));
            int[] top = [.. Enumerable.Range(0, Vocabulary).OrderByDescending(t => logits[t]).Take(3)];
            return new RecordedToken(token, top, [.. top.Select(t => logits[t])], 1 - top.Sum(t => law[t]));
        })]);
    }

    private static SpeculativeDecoder Decode(ICausalSequence sequence, IDrafter drafter)
    {
        var decoder = new SpeculativeDecoder(
            sequence, drafter, new GreedyVerifier(), SamplingOptions.Greedy, new DecodeLimits(NewTokens, new HashSet<int>()), new SeededChance(new SeededStream(1)), TimeProvider.System);
        decoder.Run(Prompt, CancellationToken.None);
        return decoder;
    }
}
