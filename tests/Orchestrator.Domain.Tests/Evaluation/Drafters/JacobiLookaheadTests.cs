using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Domain.Statistics;
using Orchestrator.Domain.Tests.Evaluation.Support;

namespace Orchestrator.Domain.Tests.Evaluation.Drafters;

public sealed class JacobiLookaheadTests
{
    private static readonly IChance Chance = new SeededChance(new SeededStream(0));

    /// <summary>A target whose next token depends on the last alone: (2t + 1) mod 8. Iterates and n-grams can be written down.</summary>
    private static readonly Func<int, int> Next = token => ((2 * token) + 1) % 8;

    /// <summary>The guess converges by at least one token a round, and faster where it agrees.</summary>
    [Fact]
    public void Jacobi_Iterates_AreTheTargetsArgMaxOfTheGuess()
    {
        var drafter = new JacobiDrafter(3);
        var text = DecodedText.After([4, 6, 1], SamplingOptions.Greedy);
        using var first = drafter.Propose(text, Chance);
        Assert.Equal([4, 6, 1], first.Tree.PathTokens(3));
        // After 1: 3. The guess 4 is wrong; 4 → 1, 6 → 5, 1 → 3 is the next guess for the places after 3.
        Observe(drafter, first, [], Next(1));
        using var second = drafter.Propose(DecodedText.After([4, 6, 1, 3], SamplingOptions.Greedy), Chance);
        Assert.Equal([1, 5, 3], second.Tree.PathTokens(3));
    }

    [Fact]
    public void Lookahead_Window_CollectsTheColumnsAsNgrams()
    {
        var drafter = new LookaheadDrafter(window: 3, ngram: 3, candidates: 2);
        int[] text = [5, 2, 0, 6];
        // Level 0 of the first round: the text's first tokens.
        using var first = drafter.Propose(DecodedText.After(text, SamplingOptions.Greedy), Chance);
        Assert.Equal([[5], [5, 2], [5, 2, 0]], ProbePaths(first.Tree));
        // Rows: 5 → 3, 2 → 5, 0 → 1. The text moved on by one: columns shift by one, the last is repeated.
        Observe(drafter, first, [], Next(6));
        using var second = drafter.Propose(DecodedText.After([.. text, 5], SamplingOptions.Greedy), Chance);
        Assert.Equal([[2], [2, 0], [2, 0, 0], [2, 5], [2, 0, 1], [2, 0, 0, 1]], ProbePaths(second.Tree));
        // Rows of level 1: 5 → 3, 1 → 3: the n-grams 2 5 3 and 0 1 3. Level 1 becomes level 0, which is the shift.
        Observe(drafter, second, [], Next(5));
        using var third = drafter.Propose(DecodedText.After([.. text, 5, 2], SamplingOptions.Greedy), Chance);
        Assert.Equal([5, 3], third.Tree.PathTokens(2));
        Assert.Equal(2, third.Tree.Candidates);
        Assert.Equal([[5], [5, 1], [5, 1, 1], [5, 3], [5, 1, 3], [5, 1, 1, 3]], ProbePaths(third.Tree));
        Assert.True(third.Tree.IsProbe(3) && !third.Tree.IsProbe(2));
        // Both candidates accepted: the text moved on by three, the window by one and the two columns more.
        Observe(drafter, third, [1, 2], Next(3));
        using var fourth = drafter.Propose(DecodedText.After([.. text, 5, 2, 5, 3, 0], SamplingOptions.Greedy), Chance);
        Assert.Equal([1, 3], fourth.Tree.PathTokens(2));
        Assert.Equal([[3], [3, 3], [3, 3, 3], [3, 7], [3, 3, 7], [3, 3, 3, 7]], ProbePaths(fourth.Tree));
    }

    /// <summary>On a target that depends on its last token alone, a cycle is learnt and then accepted.</summary>
    [Fact]
    public void Lookahead_CyclicTarget_GainsTokens()
    {
        var decoder = Run(new LookaheadDrafter(5, 4, 5));
        Assert.True(decoder.Steps.Skip(10).Average(s => s.Accepted) > 1);
        Assert.All(decoder.Steps, s => Assert.True(s.TreeNodes - 1 - s.Drafted >= 5));
    }

    [Fact]
    public void NgramPool_Full_DropsTheOldest()
    {
        var pool = new NgramPool(2);
        pool.Add([1, 2, 3]);
        pool.Add([1, 4, 5]);
        pool.Add([1, 2, 3]);
        pool.Add([1, 6, 7]);
        pool.Add([2, 0, 0]);
        Assert.Equal([[6, 7], [2, 3]], pool.Of(1));
        Assert.Empty(pool.Of(9));
    }

    private static SpeculativeDecoder Run(IDrafter drafter)
    {
        var decoder = new SpeculativeDecoder(
            new Markov(), drafter, new GreedyVerifier(), SamplingOptions.Greedy, new DecodeLimits(60, new HashSet<int>()), Chance, TimeProvider.System);
        decoder.Run([2], CancellationToken.None);
        Assert.All(decoder.Text.Tokens.Zip(decoder.Text.Tokens.Skip(1)), pair => Assert.Equal((pair.First + 3) % 8, pair.Second));
        return decoder;
    }

    private static void Observe(IDrafter drafter, Proposal proposal, int[] path, int token) =>
        drafter.Observe(new Round(proposal, new ScriptedRows([.. Enumerable.Range(0, proposal.Tree.Count).Select(n => Row(Next(proposal.Tree.Token(n))))]), new Verdict(path, token, 1)));

    private static float[] Row(int token) => [.. Enumerable.Range(0, 8).Select(t => t == token ? 1f : 0f)];

    private static List<int[]> ProbePaths(TokenTree tree) => [.. Enumerable.Range(1, tree.Count - 1).Where(tree.IsProbe).Select(tree.PathTokens)];

    private sealed class Markov : ICausalSequence
    {
        public int VocabularySize => 8;

        public int Length { get; private set; }

        public int Capacity => 1000;

        public ILogitRows Prefill(ReadOnlySpan<int> prompt) => new ScriptedRows([Row((prompt[^1] + 3) % 8)]);

        public ILogitRows Forward(TokenTree tree) => new ScriptedRows([.. Enumerable.Range(0, tree.Count).Select(n => Row((tree.Token(n) + 3) % 8))]);

        public void Keep(ReadOnlySpan<int> path) => Length += path.Length + 1;

        public void Rewind(int length) => Length = length;

        public void Dispose()
        {
        }
    }
}
