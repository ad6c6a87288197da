using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Statistics;

namespace Orchestrator.Tests.Shared;

/// <summary>
/// The contract of <see cref="ICausalSequence"/>, for every implementation: whatever was read ahead, kept, dropped and
/// rewound, logits are those of a new sequence that read the committed tokens alone.
/// </summary>
public abstract class CausalSequenceContract
{
    /// <summary>Largest difference of a logit that rounding explains.</summary>
    protected abstract double Tolerance { get; }

    /// <summary>A new, empty sequence of one and the same model.</summary>
    protected abstract ICausalSequence Open();

    [Fact]
    public void Forward_Tree_EqualsEachPathAlone()
    {
        using var sequence = Open();
        var chance = new SeededStream(1);
        var prompt = Tokens(sequence, chance, 5);
        sequence.Prefill(prompt);
        var tree = Tree(sequence, chance, 12);
        var rows = sequence.Forward(tree);
        Assert.Equal(tree.Count, rows.Count);
        for (var node = 0; node < tree.Count; node++)
        {
            AssertNear(Fresh([.. prompt, tree.Token(0), .. tree.PathTokens(node)]), rows.Row(node));
        }
    }

    [Fact]
    public void Keep_AnyPaths_LeaveNothingElseBehind()
    {
        using var sequence = Open();
        var chance = new SeededStream(2);
        var text = new List<int>(Tokens(sequence, chance, 3));
        sequence.Prefill([.. text]);
        for (var round = 0; round < 12; round++)
        {
            var tree = Tree(sequence, chance, 1 + chance.NextInt32(9));
            var rows = sequence.Forward(tree);
            var node = Enumerable.Range(0, tree.Count).Where(n => !tree.IsProbe(n)).ElementAt(chance.NextInt32(tree.Candidates + 1));
            AssertNear(Fresh([.. text, tree.Token(0), .. tree.PathTokens(node)]), rows.Row(node));
            sequence.Keep(tree.Path(node));
            text.Add(tree.Token(0));
            text.AddRange(tree.PathTokens(node));
            Assert.Equal(text.Count, sequence.Length);
        }
    }

    [Fact]
    public void Rewind_ToAnyLength_ForgetsTheRest()
    {
        using var sequence = Open();
        var chance = new SeededStream(3);
        var text = Tokens(sequence, chance, 9);
        sequence.Prefill(text);
        for (var length = 8; length > 0; length -= 3)
        {
            sequence.Rewind(length);
            Assert.Equal(length, sequence.Length);
            var tree = new TokenTree(chance.NextInt32(sequence.VocabularySize));
            AssertNear(Fresh([.. text[..length], tree.Token(0)]), sequence.Forward(tree).Row(0));
            sequence.Keep([]);
            Assert.Equal(length + 1, sequence.Length);
        }
    }

    private float[] Fresh(int[] tokens)
    {
        using var sequence = Open();
        var rows = sequence.Prefill(tokens);
        Assert.Equal(tokens.Length, rows.Count);
        return rows.Row(tokens.Length - 1).ToArray();
    }

    private void AssertNear(float[] expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], Tolerance);
        }
    }

    private static int[] Tokens(ICausalSequence sequence, SeededStream chance, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => chance.NextInt32(sequence.VocabularySize))];

    private static TokenTree Tree(ICausalSequence sequence, SeededStream chance, int nodes)
    {
        var tree = new TokenTree(chance.NextInt32(sequence.VocabularySize));
        for (var i = 0; i < nodes; i++)
        {
            var parent = chance.NextInt32(tree.Count);
            var token = chance.NextInt32(sequence.VocabularySize);
            _ = tree.IsProbe(parent) || chance.NextInt32(5) == 0 ? tree.AddProbe(parent, token) : tree.Add(parent, token);
        }

        return tree;
    }
}
