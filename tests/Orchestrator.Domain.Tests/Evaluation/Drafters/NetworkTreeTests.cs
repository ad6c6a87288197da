using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Domain.Statistics;
using Orchestrator.Domain.Tests.Evaluation.Support;

namespace Orchestrator.Domain.Tests.Evaluation.Drafters;

public sealed class NetworkTreeTests
{
    private static readonly IChance Chance = new SeededChance(new SeededStream(0));

    /// <summary>
    /// EAGLE-2 by hand. After the root: a .6, b .3, c .1. After a: a .5, b .4; after b: c .9; after c: (not expanded, top 2).
    /// Level 2: aa .30, ab .24, bc .27, ba .03. Of level 2, aa and bc are expanded: aa to a .5 (.15), bc to b .8 (.216).
    /// </summary>
    [Fact]
    public void DynamicTree_ScriptedDrafter_IsExpandedAndReranked()
    {
        var script = new Dictionary<string, double[]>
        {
            [""] = [0.6, 0.3, 0.1],
            ["0"] = [0.5, 0.4, 0.1],
            ["1"] = [0.1, 0, 0.9],
            ["0 0"] = [0.5, 0.3, 0.2],
            ["1 2"] = [0.1, 0.8, 0.1],
        };
        var network = new Scripted(script);
        // Eight nodes with the root: a .6, b .3, aa .30, bc .27, ab .24, bcb .216, aaa .15.
        Assert.Equal(["0", "1", "0 0", "0 1", "1 2", "0 0 0", "1 2 1"], Paths(network, depth: 3, topK: 2, nodes: 8));
        Assert.Equal(["", "0", "1", "0 0", "1 2"], network.Read);
        // Four nodes: a, and by a hair aa after b (equal worth: the earlier node first).
        Assert.Equal(["0", "1", "0 0"], Paths(new Scripted(script), depth: 3, topK: 2, nodes: 4));
        Assert.Equal(["0", "1", "2"], Paths(new Scripted(script), depth: 1, topK: 3, nodes: 60));
    }

    /// <summary>Where the beam is as wide as the tree, the kept nodes are the best of all paths there are.</summary>
    [Fact]
    public void DynamicTree_WideBeam_KeepsTheBestOfAllPaths()
    {
        for (var seed = 0UL; seed < 20; seed++)
        {
            var model = new ScriptedModel(3, seed);
            var worth = new Dictionary<string, double>();
            Grow([], 0);
            void Grow(int[] path, double soFar)
            {
                var law = model.Law([4, .. path], new SamplingOptions());
                for (var token = 0; token < 3; token++)
                {
                    int[] child = [.. path, token];
                    worth[string.Join(' ', child)] = soFar + Math.Log(law[token]);
                    if (child.Length < 3)
                    {
                        Grow(child, worth[string.Join(' ', child)]);
                    }
                }
            }

            var expected = worth.OrderByDescending(w => w.Value).Take(11).Select(w => w.Key).Order();
            using var proposal = new DynamicTreeDrafter(new ScriptedDraft(model), 3, 9, 12).Propose(DecodedText.After([4], SamplingOptions.Greedy), Chance);
            Assert.Equal(expected, Enumerable.Range(1, 11).Select(n => string.Join(' ', proposal.Tree.PathTokens(n))).Order());
        }
    }

    [Fact]
    public void StaticTree_Ranks_AreTheLikeliestTokens()
    {
        var script = new Dictionary<string, double[]> { [""] = [0.2, 0.7, 0.1], ["1"] = [0.1, 0.2, 0.7], ["0"] = [0.4, 0.3, 0.3] };
        using var proposal = new StaticTreeDrafter(new Scripted(script), new TreeShape([[0], [1], [0, 0], [0, 1], [1, 1], [5]]))
            .Propose(DecodedText.After([0], SamplingOptions.Greedy), Chance);
        Assert.Equal(["1", "0", "1 2", "1 1", "0 1"], Names(proposal.Tree));
    }

    [Fact]
    public void Medusa_Heads_FillTheShape()
    {
        var heads = new FixedHeads([[0f, 3, 2, 1], [5f, 1, 4, 0]]);
        var drafter = new MedusaDrafter(heads, new TreeShape([[0], [1], [0, 0], [0, 1], [1, 0], [9]]));
        drafter.ObservePrefill(new ScriptedRows([[0f]], [[7f, 8f]]));
        using var proposal = drafter.Propose(DecodedText.After([0], SamplingOptions.Greedy), Chance);
        Assert.Equal(["1", "2", "1 0", "1 2", "2 0"], Names(proposal.Tree));
        Assert.Equal([7f, 8f], heads.Seen);
        drafter.Observe(new Round(proposal, new ScriptedRows([.. Enumerable.Repeat(new[] { 0f }, 6)], [[0f], [1f], [2f], [3f], [4f], [5f]]), new Verdict([1, 3], 0, 3)));
        drafter.Propose(DecodedText.After([0], SamplingOptions.Greedy), Chance).Dispose();
        Assert.Equal([3f], heads.Seen);
        Assert.Throws<ArgumentException>(() => new MedusaDrafter(heads, TreeShape.Chain(3)));
        Assert.Throws<InvalidOperationException>(() => new MedusaDrafter(heads, TreeShape.Chain(1)).Propose(DecodedText.After([0], SamplingOptions.Greedy), Chance));
    }

    [Fact]
    public void HeuristicGamma_Outcomes_MoveIt()
    {
        var gamma = new HeuristicGamma(5, 1, 8);
        (int Drafted, int Accepted, int Next)[] rounds = [(5, 5, 7), (7, 7, 8), (8, 3, 7), (0, 0, 7), (7, 0, 6)];
        foreach (var (drafted, accepted, next) in rounds)
        {
            gamma.Observe(drafted, accepted);
            Assert.Equal(next, gamma.Next);
        }
    }

    /// <summary>The token at which confidence falls stays in the draft.</summary>
    [Fact]
    public void Chain_LowConfidence_StopsAfterTheToken()
    {
        var script = new Dictionary<string, double[]> { [""] = [0.9, 0.1, 0], ["0"] = [0.3, 0.3, 0.4], ["0 2"] = [1, 0, 0] };
        Assert.Equal([0, 2], PromptLookupTests.Drafted(new ChainDrafter(new Scripted(script), new FixedGamma(4), greedy: true, stopBelow: 0.5), [7]));
    }

    private static List<string> Paths(Scripted network, int depth, int topK, int nodes)
    {
        using var proposal = new DynamicTreeDrafter(network, depth, topK, nodes).Propose(DecodedText.After([0], SamplingOptions.Greedy), Chance);
        var names = Names(proposal.Tree);
        return [.. names.OrderBy(n => n.Length).ThenBy(n => n, StringComparer.Ordinal)];
    }

    private static List<string> Names(TokenTree tree) => [.. Enumerable.Range(1, tree.Candidates).Select(n => string.Join(' ', tree.PathTokens(n)))];

    /// <summary>Laws by path; keeps which paths were read.</summary>
    private sealed class Scripted(Dictionary<string, double[]> script) : IDraftNetwork
    {
        public List<string> Read { get; } = [];

        public int VocabularySize => 3;

        public ILogitRows Begin(DecodedText text) => new ScriptedRows([Row("")]);

        public ILogitRows Extend(TokenTree tree, ReadOnlySpan<int> nodes) =>
            new ScriptedRows([.. nodes.ToArray().Select(n => Row(string.Join(' ', tree.PathTokens(n))))]);

        public void Dispose()
        {
        }

        private float[] Row(string path)
        {
            Read.Add(path);
            return [.. script[path].Select(p => (float)Math.Log(p))];
        }
    }

    private sealed class FixedHeads(float[][] rows) : IDraftHeads
    {
        public float[] Seen { get; private set; } = [];

        public int Count => rows.Length;

        public ILogitRows Predict(ReadOnlySpan<float> hidden)
        {
            Seen = hidden.ToArray();
            return new ScriptedRows(rows);
        }
    }
}
