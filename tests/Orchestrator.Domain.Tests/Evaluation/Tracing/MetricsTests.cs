using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Domain.Evaluation.Tracing;

namespace Orchestrator.Domain.Tests.Evaluation.Tracing;

public sealed class MetricsTests
{
    /// <summary>Two requests by hand: γ = 2 always; accepted 2, 0, 1 and 2; the last round of the first cuts one token.</summary>
    [Fact]
    public void Of_TwoRequests_IsTheHandCount()
    {
        var cell = CellTally.Of(
        [
            Request("1", "qa", Chain(2, 2), Chain(2, 0), Chain(2, 1) with { Emitted = 1, Truncated = 1 }),
            Request("2", "qa", Chain(2, 2)),
        ]);
        var m = CellMetrics.Of(cell);
        Assert.Equal((2, 4L, 8L, 6L, 5L, 2L, 1L), (m.Requests, m.Steps, m.Drafted, m.Evaluated + m.Accepted - 6, m.Accepted, m.Bonuses, m.Truncated));
        Assert.Equal(7, m.Evaluated);
        Assert.Equal(8, m.Tokens);
        Assert.Equal([1, 1, 2], m.Histogram);
        Assert.Equal(8 / 4.0, m.MatPooled);
        Assert.Equal(((5 / 3.0) + 3) / 2, m.MatPerRequest, 1e-15);
        Assert.Equal([3 / 4.0, 2 / 4.0], m.Marginal);
        Assert.Equal([3 / 4.0, 2 / 3.0], m.Conditional);
        Assert.Equal(1 + m.Marginal.Sum(), m.MatUncut, 1e-15);
        Assert.Equal((5 / 8.0, 5 / 7.0), (m.AcceptanceOfDrafted, m.AcceptanceOfEvaluated));
        Assert.Equal(1, m.Coverage);
    }

    /// <summary>The conditional rate of a position counts rounds that offered it; the marginal counts all.</summary>
    [Fact]
    public void Of_AdaptiveGamma_CountsOfferedPositions()
    {
        var m = CellMetrics.Of(CellTally.Of([Request("1", "qa", Chain(3, 3), Chain(1, 1), Chain(1, 0), Chain(0, 0))]));
        Assert.Equal([2 / 4.0, 1 / 4.0, 1 / 4.0], m.Marginal);
        Assert.Equal([2 / 3.0, 1, 1], m.Conditional);
        Assert.Equal((4L, 3L), (m.Steps, m.DraftingSteps));
    }

    /// <summary>A failure is a failure: no step of it counts, coverage says so.</summary>
    [Fact]
    public void Of_Failures_AreNeverData()
    {
        var m = CellMetrics.Of(CellTally.Of(
        [
            Request("1", "qa", Chain(2, 2)),
            Request("2", "qa", Chain(2, 0)) with { Outcome = RequestOutcome.Error, Error = "no memory" },
            Request("3", "qa", Chain(2, 0)) with { Outcome = RequestOutcome.Timeout, Error = "60 s" },
            Request("4", "qa") with { Outcome = RequestOutcome.EndOvershoot, Error = "tokens behind the end" },
        ]));
        Assert.Equal((0.25, 1L, 3.0), (m.Coverage, m.Steps, m.MatPooled));
        Assert.Equal((1, 1, 1, 1, 0), (m.Outcomes[RequestOutcome.Ok], m.Outcomes[RequestOutcome.Error], m.Outcomes[RequestOutcome.Timeout], m.Outcomes[RequestOutcome.EndOvershoot], m.Outcomes[RequestOutcome.ContextFull]));
    }

    [Fact]
    public void Of_NoData_IsNaNAndNotZero()
    {
        var m = CellMetrics.Of(CellTally.Of([]));
        Assert.All([m.Coverage, m.MatPooled, m.MatPerRequest, m.AcceptanceOfDrafted, m.Timing.TokensPerSecond], value => Assert.True(double.IsNaN(value)));
        Assert.Equal(1, CellMetrics.Of(CellTally.Of([Request("1", "qa", Chain(0, 0), Chain(0, 0))])).MatPooled);
    }

    /// <summary>The names and definitions of other systems; they part where rounds have no draft or tokens are cut.</summary>
    [Fact]
    public void Aliases_OtherDefinitions_ArePinned()
    {
        var m = CellMetrics.Of(CellTally.Of([Request("1", "qa", Chain(4, 1), Chain(4, 4), Chain(4, 0), Chain(0, 0), Chain(4, 2) with { Emitted = 2, Truncated = 1 })]));
        var aliases = MetricAliases.Of(m).ToDictionary(a => a.Name, a => a.Value);
        Assert.Equal((4, 16, 7), (aliases["vllm:spec_decode_num_drafts"], aliases["vllm:spec_decode_num_draft_tokens"], aliases["vllm:spec_decode_num_accepted_tokens"]));
        Assert.Equal((100 * 7 / 16.0, 1 + (7 / 4.0)), (aliases["spec_decode_acceptance_rate"], aliases["spec_decode_acceptance_length"]));
        Assert.Equal((3, 1), (aliases["vllm:spec_decode_num_accepted_tokens_per_pos{position=\"0\"}"], aliases["vllm:spec_decode_num_accepted_tokens_per_pos{position=\"3\"}"]));
        Assert.Equal((5, 11 / 5.0), (aliases["spec_verify_ct"], aliases["spec_accept_length"]));
        Assert.Equal(11 / 5.0, aliases["mean_accepted_tokens"]);
        Assert.Equal((16, 10, 7), (aliases["draft_tokens_proposed"], aliases["draft_tokens_evaluated"], aliases["draft_tokens_accepted"]));
        Assert.Equal((1, 2, 1), (aliases["full_accept_rounds"], aliases["partial_accept_rounds"], aliases["zero_accept_rounds"]));
        Assert.Equal((3, 1, 11, 1), (aliases["correction_tokens"], aliases["bonus_tokens"], aliases["tokens_emitted"], aliases["tokens_discarded"]));
    }

    /// <summary>The sign of a comparison may flip between pooled and per-request means: both are given.</summary>
    [Fact]
    public void PooledAndPerRequest_MayDisagree()
    {
        var a = CellMetrics.Of(CellTally.Of([Request("1", "qa", [.. Enumerable.Repeat(Chain(4, 1), 9)]), Request("2", "qa", Chain(4, 4))]));
        var b = CellMetrics.Of(CellTally.Of([Request("1", "qa", [.. Enumerable.Repeat(Chain(4, 2), 9)]), Request("2", "qa", Chain(4, 2))]));
        Assert.True(a.MatPooled < b.MatPooled && a.MatPerRequest > b.MatPerRequest);
    }

    public static TheoryData<StepTrace, string> Contradictions => new()
    {
        { Chain(2, 1) with { Emitted = 3 }, "emitted" },
        { Chain(2, 2) with { Bonus = false }, "bonus" },
        { Chain(2, 0) with { Bonus = true }, "bonus" },
        { Chain(2, 1) with { Accepted = 3 }, "deep" },
        { Chain(2, 1) with { Evaluated = 0 }, "evaluated" },
        { Chain(2, 1) with { Evaluated = 3 }, "evaluated" },
        { Chain(2, 1) with { TreeNodes = 2 }, "rows" },
        { Chain(2, 1) with { Depth = 3 }, "depth" },
        { Chain(2, 0) with { Emitted = 0, Truncated = 1 }, "at least one" },
        { Chain(2, 0) with { CacheMicroseconds = -1 }, "negative" },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void Of_ContradictoryStep_IsRefused(StepTrace step, string expected)
    {
        var error = Assert.Throws<InvalidDataException>(() => CellTally.Of([Request("7", "qa", Chain(2, 1), step)]));
        Assert.Contains("prompt 7", error.Message, StringComparison.Ordinal);
        Assert.Contains("round 1", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Tokens counted behind an end show as an output longer than its rounds, or as a cut in mid-request.</summary>
    [Fact]
    public void Of_Overshoot_IsRefused()
    {
        var good = Request("1", "qa", Chain(2, 1), Chain(2, 2));
        Assert.Throws<InvalidDataException>(() => RequestTally.Of(good with { OutputTokens = good.OutputTokens + 1 }));
        Assert.Throws<InvalidDataException>(() => RequestTally.Of(Request("1", "qa", Chain(2, 1) with { Emitted = 1, Truncated = 1 }, Chain(2, 2))));
    }

    [Fact]
    public void Merge_TwoTracesOfOneRequest_IsAConflict()
    {
        var (a, b) = (CellTally.Of([Request("1", "qa", Chain(2, 1))]), CellTally.Of([Request("1", "qa", Chain(2, 2))]));
        Assert.Contains("two different traces", Assert.Throws<InvalidDataException>(() => CellTally.Merge(a, b)).Message, StringComparison.Ordinal);
        Assert.Single(CellTally.Merge(a, a).Requests);
    }

    /// <summary>However requests are dealt to parts, and in whatever order and how often parts are merged: the same figures, bit by bit.</summary>
    [Property(MaxTest = 200)]
    public Property Merge_AnyDealing_ChangesNothing() => Prop.ForAll(Traces().ToArbitrary(), ArbMap.Default.ArbFor<int>(), (traces, seed) =>
    {
        var whole = Figures(CellTally.Of(traces));
        var random = new Random(seed);
        var parts = traces.GroupBy(_ => random.Next(4)).Select(g => CellTally.Of(g)).ToList();
        parts.AddRange(parts.Where(_ => random.Next(2) == 0).ToList());
        while (parts.Count > 1)
        {
            var (i, j) = (random.Next(parts.Count), random.Next(parts.Count - 1));
            j += j >= i ? 1 : 0;
            var merged = CellTally.Merge(parts[i], parts[j]);
            parts = [.. parts.Where((_, k) => k != i && k != j), merged];
        }

        var figures = Figures(parts.Count == 0 ? CellTally.Of([]) : parts[0]);
        return figures == whole;
    });

    [Property(MaxTest = 200)]
    public Property Of_AnyTraces_KeepsTheLaws() => Prop.ForAll(Traces().ToArbitrary(), traces =>
    {
        var m = CellMetrics.Of(CellTally.Of(traces));
        Assert.Equal(m.Steps, m.Histogram.Sum());
        Assert.Equal(m.Accepted, m.Histogram.Select((n, i) => n * i).Sum());
        Assert.Equal(m.Tokens, m.Accepted + m.Steps - m.Truncated);
        Assert.All(m.Marginal.Zip(m.Marginal.Skip(1)), pair => Assert.True(pair.First >= pair.Second));
        Assert.All(m.Conditional.Where(c => !double.IsNaN(c)), c => Assert.InRange(c, 0, 1));
        if (m.Steps > 0)
        {
            Assert.Equal(m.MatUncut, 1 + m.Marginal.Sum(), 1e-12);
        }
    });

    [Fact]
    public void OfCategory_Parts_AddUpToTheWhole()
    {
        var cell = CellTally.Of([Request("1", "qa", Chain(2, 1)), Request("2", "math", Chain(2, 2)), Request("3", "qa", Chain(2, 0))]);
        var (qa, math) = (CellMetrics.Of(cell.OfCategory("qa")), CellMetrics.Of(cell.OfCategory("math")));
        Assert.Equal((2L, 1L), (qa.Steps, math.Steps));
        Assert.Equal(CellMetrics.Of(cell).Accepted, qa.Accepted + math.Accepted);
    }

    /// <summary>τ = 2 at steps 1.25 times the baseline's: speedup τ / o = 1.6, and the interval of equal prompts is a point.</summary>
    [Fact]
    public void SpeedComparison_EqualPrompts_IsTauOverOverhead()
    {
        var baseline = CellTally.Of(Enumerable.Range(0, 6).Select(i => Request($"{i}", "qa", [.. Enumerable.Repeat(Timed(Chain(0, 0), 0, 90, 5, 5), 10)])));
        var method = CellTally.Of(Enumerable.Range(0, 5).Select(i => Request($"{i}", "qa", [.. Enumerable.Repeat(Timed(Chain(2, 1), 20, 95, 5, 5), 5)])));
        var speed = SpeedComparison.Of(baseline, method, 1)!;
        Assert.Equal((5, 1), (speed.Pairs, speed.Unpaired));
        Assert.Equal(1.25, speed.Overhead, 1e-12);
        Assert.All([speed.Pooled.Estimate, speed.Pooled.Low, speed.Pooled.High, speed.GeometricMean.Estimate], value => Assert.Equal(1.6, value, 1e-12));
        Assert.Null(SpeedComparison.Of(baseline, CellTally.Of([]), 1));
        var timing = CellMetrics.Of(method).Timing;
        Assert.Equal((16_000.0, 20 / 125.0), (timing.TokensPerSecond, timing.DraftShare));
    }

    private static StepTrace Chain(int drafted, int accepted) => new(
        drafted, drafted + 1, drafted, accepted, Math.Min(drafted, accepted + 1), drafted > 0 && accepted == drafted, accepted + 1, 0, 1, 2, 3, 4);

    private static StepTrace Timed(StepTrace step, long draft, long verify, long accept, long cache) =>
        step with { DraftMicroseconds = draft, VerifyMicroseconds = verify, AcceptMicroseconds = accept, CacheMicroseconds = cache };

    private static RequestTrace Request(string prompt, string category, params StepTrace[] steps) => new(
        new RequestKey(prompt, 0, 0), category, RequestOutcome.Ok, null, 10, 0, 100, 1 + steps.Sum(s => s.Emitted), steps);

    private static string Figures(CellTally cell)
    {
        var m = CellMetrics.Of(cell);
        var text = string.Join('|', m.Requests, m.Steps, m.Tokens, m.MatPooled.ToString("R"), m.MatPerRequest.ToString("R"), string.Join(',', m.Histogram), string.Join(',', m.Marginal.Select(v => v.ToString("R"))));
        return string.Join('|', text, string.Join(',', m.Conditional.Select(v => v.ToString("R"))), m.Timing, string.Join(',', cell.Requests.Select(r => r.Key)));
    }

    private static Gen<List<RequestTrace>> Traces()
    {
        var step = from drafted in Gen.Choose(0, 5)
                   from accepted in Gen.Choose(0, drafted)
                   select Chain(drafted, accepted);
        var request = from steps in step.ListOf()
                      from cut in Gen.Choose(0, 2)
                      from turn in Gen.Choose(0, 2)
                      from ok in Gen.Choose(0, 5)
                      select (Steps: steps.ToList(), Cut: cut, Turn: turn, Ok: ok > 0);
        return request.ListOf().Select(all => all.Select((r, i) =>
        {
            if (r.Steps.Count > 0)
            {
                var cut = Math.Min(r.Cut, r.Steps[^1].Accepted);
                r.Steps[^1] = r.Steps[^1] with { Emitted = r.Steps[^1].Emitted - cut, Truncated = cut };
            }

            var trace = Request($"{i / 3}", i % 2 == 0 ? "qa" : "math", [.. r.Steps]);
            return trace with { Key = new RequestKey($"{i / 3}", i % 3, r.Turn), Outcome = r.Ok ? RequestOutcome.Ok : RequestOutcome.Error };
        }).ToList());
    }
}
