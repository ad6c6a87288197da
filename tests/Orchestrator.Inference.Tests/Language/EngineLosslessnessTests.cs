using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Domain.Statistics;
using Orchestrator.Inference.Language;
using Orchestrator.Inference.Sessions;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Inference.Tests.Language;

/// <summary>
/// The statistical certificate on the real engine with a small vocabulary: ONNX Runtime, cache, roll-back, trees, draft
/// networks. Every correct method passes 20 seeds; every known class of error is found, and where its law lies nearer than the
/// test says it can see, nothing is claimed.
/// </summary>
public sealed class EngineLosslessnessTests(ITestOutputHelper output) : IDisposable
{
    private const double Alpha = 1e-3;
    private const double Power = 0.99;
    private const int Tokens = 6;
    private const int Draws = 600;
    private static readonly SamplingOptions Setting = new(0.7, TopK: 4, TopP: 0.97);
    private static readonly int[] Prompt = [1, 5, 3];
    private readonly DecoderGraph target = DecoderGraph.Open(VectorFiles.Path("decoder-tiny/decoder_tree.onnx"), new InferenceOptions { IntraOpThreads = 1 });

    private static readonly Dictionary<string, (Func<IDraftNetwork, IDrafter> Drafter, IVerifier Verifier)> Correct = new()
    {
        ["chain"] = (network => new ChainDrafter(network, new FixedGamma(3)), new ChainVerifier()),
        ["greedy chain"] = (network => new ChainDrafter(network, new FixedGamma(3), greedy: true), new PointMassVerifier()),
        ["specinfer"] = (network => new DraftTreeDrafter(network, TreeShape.FromBranching([2, 2]), DraftDraw.Independent), new SpecInferVerifier()),
        ["sequoia"] = (network => new DraftTreeDrafter(network, TreeShape.FromBranching([3, 1]), DraftDraw.WithoutReplacement), new SequoiaVerifier()),
        ["eagle-2 tree"] = (network => new DynamicTreeDrafter(network, 2, 2, 5), new PointMassVerifier()),
        ["prompt lookup"] = (_ => new PromptLookupDrafter(2, new FixedGamma(3), LookupRule.Newest), new PointMassVerifier()),
        ["lookahead"] = (_ => new LookaheadDrafter(2, 3, 2), new PointMassVerifier()),
        ["jacobi"] = (_ => new JacobiDrafter(3), new PointMassVerifier()),
    };

    private static readonly Dictionary<string, (Func<IDraftNetwork, IDrafter> Drafter, IVerifier Verifier, Func<ICausalSequence, ICausalSequence> Engine)> Wrong = new()
    {
        ["A greedy token, softmax q in the ratio"] = (network => new MisreportedChain(network, 2, greedy: true), new ChainVerifier(), engine => engine),
        ["B raw q reported, processed q drawn"] = (network => new MisreportedChain(network, 2, greedy: false), new ChainVerifier(), engine => engine),
        ["C bonus from unprocessed logits"] = (network => new ChainDrafter(network, new FixedGamma(1)), new RawBonusVerifier(), engine => engine),
        ["D siblings without replacement, stale q"] = (network => new DraftTreeDrafter(network, TreeShape.FromBranching([3]), DraftDraw.WithoutReplacement), new WrongSiblingsVerifier(updateP: true), engine => engine),
        ["E p not updated after a sibling's rejection"] = (network => new DraftTreeDrafter(network, TreeShape.FromBranching([3]), DraftDraw.Independent), new WrongSiblingsVerifier(updateP: false), engine => engine),
        ["F rows of a tree attend to their cousins"] = (network => new DraftTreeDrafter(network, TreeShape.FromBranching([2, 2]), DraftDraw.Independent), new SpecInferVerifier(), engine => new CousinsSeen(engine)),
        ["G rejected rows stay in the cache"] = (network => new ChainDrafter(network, new FixedGamma(2)), new ChainVerifier(), engine => new RowsStay(engine)),
        ["H tokens behind the end token counted"] = (network => new ChainDrafter(network, new FixedGamma(2)), new ChainVerifier(), engine => engine),
    };

    public static TheoryData<string> CorrectNames => [.. Correct.Keys];

    public static TheoryData<string> WrongNames => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(CorrectNames))]
    public void CorrectMethod_TwentySeeds_IsNotAccused(string name)
    {
        var (drafter, verifier) = Correct[name];
        var law = Law([], Draws / 4);
        var cells = Enumerable.Range(0, 20)
            .Select(seed => ($"{name} {seed}", StatisticalCertificate.AgainstBuckets(Sample(drafter, verifier, engine => engine, [], name, seed, Draws / 4), law, Alpha, Power)))
            .ToList();
        output.WriteLine(string.Join(", ", cells.Select(c => c.Item2.PValue.ToString("G2"))));
        Assert.DoesNotContain(StatisticalCertificate.Correct(cells, Alpha), cell => cell.Rejected);
        Assert.InRange(cells.Average(c => c.Item2.PValue), 0.25, 0.75);
    }

    [Theory]
    [MemberData(nameof(WrongNames))]
    public void Control_IsCaughtAtTheDistanceThatTheTestSaysItSees(string name)
    {
        var (drafter, verifier, engine) = Wrong[name];
        // The likeliest first token ends an output: the control's decoder does not know it.
        HashSet<int> ends = name.StartsWith('H') ? [Law([], Draws).Law.Outcomes.MaxBy(o => o.Value).Key.Split(' ').Select(int.Parse).First()] : [];
        var law = Law(ends, Draws);
        var draws = Draws;
        FitOutcome fit;
        do
        {
            // Until the stated distance is below the measured one: a nearer law would not have to be seen.
            fit = StatisticalCertificate.AgainstBuckets(Sample(drafter, verifier, engine, [], name, 1, draws), law, Alpha, Power);
            output.WriteLine($"{draws} draws: distance {fit.TotalVariation:G3}, floor {fit.NoiseFloor:G3}, would see {fit.DetectableTotalVariation:G3}, p {fit.PValue:G3}");
            draws *= 4;
        }
        while (fit.PValue > Alpha && fit.TotalVariation - fit.NoiseFloor < fit.DetectableTotalVariation && draws < 20_000);

        Assert.True(fit.PValue <= Alpha, $"p {fit.PValue}");
    }

    public void Dispose() => target.Dispose();

    /// <summary>The engine's own law, each prefix read by a new sequence.</summary>
    private PrefixLaw Law(HashSet<int> ends, int draws) => PrefixLaw.Of(
        tokens =>
        {
            using var sequence = new CausalSequence(target);
            int[] text = [.. Prompt, .. tokens];
            var rows = sequence.Prefill(text);
            var law = new double[rows.VocabularySize];
            SamplingLaw.Fill(rows.Row(rows.Count - 1), Setting, text, law);
            return law;
        },
        Tokens,
        ends,
        FitTest.MinExpected / draws);

    private IEnumerable<IReadOnlyList<int>> Sample(
        Func<IDraftNetwork, IDrafter> drafter, IVerifier verifier, Func<ICausalSequence, ICausalSequence> engine, HashSet<int> ends, string name, int seed, int draws)
    {
        for (var draw = 0; draw < draws; draw++)
        {
            using var network = new OtherNetwork(new CausalDraftNetwork(target));
            using var sequence = new CausalSequence(target);
            var decoder = new SpeculativeDecoder(
                engine(sequence), drafter(network), verifier, Setting, new DecodeLimits(Tokens, ends), new SeededChance(SeededStream.For(seed, name, $"{draw}")), TimeProvider.System);
            decoder.Run(Prompt, TestContext.Current.CancellationToken);
            yield return [.. decoder.Text.Output];
        }
    }

    /// <summary>The target as its own draft, with its logits moved so that it is a draft and not the target.</summary>
    private sealed class OtherNetwork(IDraftNetwork inner) : IDraftNetwork
    {
        public int VocabularySize => inner.VocabularySize;

        public ILogitRows Begin(DecodedText text) => new Moved(inner.Begin(text));

        public ILogitRows Extend(TokenTree tree, ReadOnlySpan<int> nodes) => new Moved(inner.Extend(tree, nodes));

        public void Dispose() => inner.Dispose();

        private sealed class Moved(ILogitRows rows) : ILogitRows
        {
            public int Count => rows.Count;

            public int VocabularySize => rows.VocabularySize;

            public ReadOnlySpan<float> Row(int node)
            {
                var row = rows.Row(node).ToArray();
                for (var token = 0; token < row.Length; token++)
                {
                    row[token] = (0.6f * row[token]) + (token % 3 * 0.5f);
                }

                return row;
            }

            public ReadOnlySpan<float> Hidden(int node) => rows.Hidden(node);
        }
    }

    /// <summary>Reads every tree as one line, so that a row sees its cousins and stands too far.</summary>
    private sealed class CousinsSeen(ICausalSequence inner) : Passing(inner)
    {
        public override ILogitRows Forward(TokenTree tree)
        {
            var line = new TokenTree(tree.Token(0));
            for (var node = 1; node < tree.Count; node++)
            {
                line.Add(node - 1, tree.Token(node));
            }

            return Inner.Forward(line);
        }
    }

    /// <summary>Keeps what was rejected.</summary>
    private sealed class RowsStay(ICausalSequence inner) : Passing(inner)
    {
        private int rows;

        public override ILogitRows Forward(TokenTree tree)
        {
            rows = tree.Count;
            return Inner.Forward(tree);
        }

        public override void Keep(ReadOnlySpan<int> path) => Inner.Keep([.. Enumerable.Range(1, rows - 1)]);
    }

    private class Passing(ICausalSequence inner) : ICausalSequence
    {
        protected ICausalSequence Inner => inner;

        public int VocabularySize => inner.VocabularySize;

        public int Length => inner.Length;

        public int Capacity => inner.Capacity;

        public ILogitRows Prefill(ReadOnlySpan<int> prompt) => inner.Prefill(prompt);

        public virtual ILogitRows Forward(TokenTree tree) => inner.Forward(tree);

        public virtual void Keep(ReadOnlySpan<int> path) => inner.Keep(path);

        public void Rewind(int length) => inner.Rewind(length);

        public void Dispose()
        {
        }
    }
}
