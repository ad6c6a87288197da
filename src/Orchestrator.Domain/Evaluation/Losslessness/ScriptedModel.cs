using System.Numerics;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Statistics;

namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>
/// A model of the exact certificate: its logits are a fixed random function of every token before, so that any error in what
/// is read changes them.
/// </summary>
/// <param name="vocabulary">Tokens, 5 to 8 for certificates.</param>
/// <param name="seed">Which function.</param>
/// <param name="spread">Logits are uniform in [-spread, spread].</param>
/// <param name="near">Half of this model's logits is added, so that a draft resembles its target; null for none.</param>
internal sealed class ScriptedModel(int vocabulary, ulong seed, double spread = 2, ScriptedModel? near = null)
{
    private readonly Dictionary<ulong, float[]> known = [];

    /// <summary>Tokens.</summary>
    public int VocabularySize => vocabulary;

    /// <summary>Logits after the tokens. Enumeration asks for the same ones over and over, so they are kept; not thread-safe.</summary>
    public float[] After(params ReadOnlySpan<int> tokens)
    {
        var hash = seed;
        foreach (var token in tokens)
        {
            hash = BitOperations.RotateLeft((hash ^ (ulong)(token + 1)) * 0x9E3779B97F4A7C15, 29);
        }

        if (known.TryGetValue(hash, out var before))
        {
            return before;
        }

        var stream = new SeededStream(hash);
        var logits = new float[vocabulary];
        var other = near?.After(tokens);
        for (var i = 0; i < vocabulary; i++)
        {
            logits[i] = (float)(spread * ((2 * stream.NextDouble()) - 1)) + (other is null ? 0 : 0.5f * other[i]);
        }

        known.Add(hash, logits);
        return logits;
    }

    /// <summary>The processed law after the tokens, computed apart from any decoder.</summary>
    public double[] Law(ReadOnlySpan<int> tokens, SamplingOptions options)
    {
        var law = new double[vocabulary];
        SamplingLaw.Fill(After(tokens), options, tokens, law);
        return law;
    }
}

/// <summary>Rows in arrays. The hidden state of a scripted row is its logits.</summary>
internal sealed class ScriptedRows(IReadOnlyList<float[]> logits, IReadOnlyList<float[]>? hidden = null) : ILogitRows
{
    /// <inheritdoc />
    public int Count => logits.Count;

    /// <inheritdoc />
    public int VocabularySize => logits[0].Length;

    /// <inheritdoc />
    public ReadOnlySpan<float> Row(int node) => logits[node];

    /// <inheritdoc />
    public ReadOnlySpan<float> Hidden(int node) => (hidden ?? logits)[node];
}

/// <summary>A target sequence over a scripted model; its cache is the list of the tokens in its rows. Negative controls in the tests derive from it.</summary>
internal class ScriptedSequence(ScriptedModel model, int capacity = int.MaxValue) : ICausalSequence
{
    private readonly List<int> rows = [];
    private TokenTree? tree;

    /// <summary>Tokens of the committed rows.</summary>
    public IReadOnlyList<int> Rows => rows;

    /// <inheritdoc />
    public int VocabularySize => model.VocabularySize;

    /// <inheritdoc />
    public int Length => rows.Count;

    /// <inheritdoc />
    public int Capacity => capacity;

    /// <inheritdoc />
    public ILogitRows Prefill(ReadOnlySpan<int> prompt)
    {
        Require(rows.Count == 0 && tree is null && prompt.Length <= capacity, "a prefill needs an empty cache with room for the prompt");
        rows.AddRange(prompt);
        return new ScriptedRows([.. Enumerable.Range(1, rows.Count).Select(length => model.After([.. rows.Take(length)]))]);
    }

    /// <inheritdoc />
    public ILogitRows Forward(TokenTree tree)
    {
        Require(this.tree is null && rows.Count + tree.Count <= capacity, "a forward needs room, and a keep after the one before");
        this.tree = tree;
        return new ScriptedRows([.. Enumerable.Range(0, tree.Count).Select(node => model.After([.. rows, .. Attended(tree, node)]))]);
    }

    /// <inheritdoc />
    public void Keep(ReadOnlySpan<int> path)
    {
        Require(tree is not null, "keep follows a forward");
        var parent = 0;
        foreach (var node in path)
        {
            Require(tree!.Parent(node) == parent, "a path goes from parent to child");
            parent = node;
        }

        rows.AddRange(Kept(tree!, path.ToArray()));
        tree = null;
    }

    /// <inheritdoc />
    public void Rewind(int length)
    {
        Require(tree is null && length >= 0 && length <= rows.Count, "a rewind goes to an earlier committed length");
        rows.RemoveRange(length, rows.Count - length);
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }

    /// <summary>Tokens of the tree that a node's row attends to, itself last.</summary>
    protected virtual IEnumerable<int> Attended(TokenTree tree, int node) => [tree.Token(0), .. tree.PathTokens(node)];

    /// <summary>Tokens of the rows that stay.</summary>
    protected virtual IEnumerable<int> Kept(TokenTree tree, int[] path) => [tree.Token(0), .. path.Select(tree.Token)];

    private static void Require(bool condition, string law)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"The contract of causal sequences is broken: {law}.");
        }
    }
}

/// <summary>A draft network over a scripted model.</summary>
internal sealed class ScriptedDraft(ScriptedModel model) : IDraftNetwork
{
    private int[] text = [];

    /// <inheritdoc />
    public int VocabularySize => model.VocabularySize;

    /// <inheritdoc />
    public ILogitRows Begin(DecodedText text)
    {
        this.text = [.. text.Tokens];
        return new ScriptedRows([model.After(this.text)]);
    }

    /// <inheritdoc />
    public ILogitRows Extend(TokenTree tree, ReadOnlySpan<int> nodes)
    {
        var rows = new List<float[]>(nodes.Length);
        foreach (var node in nodes)
        {
            rows.Add(model.After([.. text, .. tree.PathTokens(node)]));
        }

        return new ScriptedRows(rows);
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }
}

/// <summary>Heads over a scripted model: a function of the hidden state's bits.</summary>
internal sealed class ScriptedHeads(ScriptedModel model, int count) : IDraftHeads
{
    /// <inheritdoc />
    public int Count => count;

    /// <inheritdoc />
    public ILogitRows Predict(ReadOnlySpan<float> hidden)
    {
        var state = new int[hidden.Length + 1];
        for (var i = 0; i < hidden.Length; i++)
        {
            state[i] = (int)(BitConverter.SingleToUInt32Bits(hidden[i]) >> 1);
        }

        var rows = new List<float[]>(count);
        for (var head = 0; head < count; head++)
        {
            state[^1] = head;
            rows.Add(model.After(state));
        }

        return new ScriptedRows(rows);
    }
}
