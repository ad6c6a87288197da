using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>What a target said before one token of a recorded output.</summary>
/// <param name="Token">The token that was emitted.</param>
/// <param name="TopTokens">The k likeliest tokens, best first.</param>
/// <param name="TopLogits">Their logits.</param>
/// <param name="TailMass">Probability of all other tokens at temperature 1, in [0, 1).</param>
public sealed record RecordedToken(int Token, int[] TopTokens, float[] TopLogits, double TailMass);

/// <summary>
/// A recorded greedy output in place of its target: any drafter, γ, tree or threshold is tried offline, with exactly the
/// acceptance it would have had, because a greedy verifier never leaves the recorded text. Tail tokens share the tail's mass
/// equally.
/// </summary>
/// <remarks>
/// Rows off the recorded text do not exist: methods that read the target's opinion of rejected tokens (Jacobi, lookahead)
/// need the target itself, and are told so. Behind the record's end every candidate counts as rejected: the tokens emitted are
/// the same, but in its last round the target itself may have accepted more that was cut. There are no hidden states.
/// </remarks>
/// <param name="vocabularySize">The target's.</param>
/// <param name="prompt">The recorded prompt.</param>
/// <param name="output">The recorded output, the prefill's token first; where it goes on behind the output's end, acceptance there is exact too.</param>
/// <param name="capacity">Rows of the target's context.</param>
public sealed class RecordedSequence(int vocabularySize, int[] prompt, IReadOnlyList<RecordedToken> output, int capacity = int.MaxValue) : ICausalSequence
{
    private TokenTree? tree;

    /// <inheritdoc />
    public int VocabularySize => vocabularySize;

    /// <inheritdoc />
    public int Length { get; private set; }

    /// <inheritdoc />
    public int Capacity => capacity;

    /// <inheritdoc />
    public ILogitRows Prefill(ReadOnlySpan<int> tokens)
    {
        if (!tokens.SequenceEqual(prompt))
        {
            throw new ArgumentException("This is not the prompt that was recorded.", nameof(tokens));
        }

        Length = prompt.Length;
        return new Rows(this, new TokenTree(0), [.. Enumerable.Range(0, prompt.Length).Select(i => i == prompt.Length - 1 ? 0 : -1)]);
    }

    /// <inheritdoc />
    public ILogitRows Forward(TokenTree tree)
    {
        this.tree = tree;
        return new Rows(this, tree, Places(tree));
    }

    /// <inheritdoc />
    public void Keep(ReadOnlySpan<int> path)
    {
        var places = Places(tree ?? throw new InvalidOperationException("Keep follows a forward."));
        var end = path.IsEmpty ? 0 : path[^1];
        if (places[end] < 0)
        {
            throw new InvalidOperationException("The text kept is not the recorded one: a record replays greedy decoding alone.");
        }

        Length += path.Length + 1;
        tree = null;
    }

    /// <inheritdoc />
    public void Rewind(int length) => Length = length;

    /// <inheritdoc />
    public void Dispose()
    {
    }

    /// <summary>For each node the place in the output of the token after it; -1 off the record.</summary>
    private int[] Places(TokenTree tree)
    {
        var places = new int[tree.Count];
        var first = Length - prompt.Length;
        for (var node = 0; node < tree.Count; node++)
        {
            var place = first + tree.Depth(node);
            var onRecord = place < output.Count && tree.Token(node) == output[place].Token && (node == 0 || places[tree.Parent(node)] >= 0);
            places[node] = onRecord ? place + 1 : -1;
        }

        return places;
    }

    private int Recorded => output.Count;

    private float[] Logits(int place)
    {
        if (place < 0)
        {
            throw new InvalidOperationException("The target's opinion of this token was not recorded: this method needs the target itself.");
        }

        var recorded = output[place];
        var mass = 0.0;
        foreach (var logit in recorded.TopLogits)
        {
            mass += Math.Exp(logit - (double)recorded.TopLogits[0]);
        }

        var others = vocabularySize - recorded.TopTokens.Length;
        var share = mass * recorded.TailMass / (1 - recorded.TailMass) / Math.Max(1, others);
        var logits = new float[vocabularySize];
        Array.Fill(logits, (float)(recorded.TopLogits[0] + Math.Log(share)));
        for (var i = 0; i < recorded.TopTokens.Length; i++)
        {
            logits[recorded.TopTokens[i]] = recorded.TopLogits[i];
        }

        return logits;
    }

    /// <summary>Behind the end: the lowest token that no child has.</summary>
    private float[] BehindTheEnd(TokenTree tree, int node)
    {
        var token = 0;
        while (tree.ChildWith(node, token) >= 0)
        {
            token++;
        }

        var logits = new float[vocabularySize];
        Array.Fill(logits, float.NegativeInfinity);
        logits[Math.Min(token, vocabularySize - 1)] = 0;
        return logits;
    }

    private sealed class Rows(RecordedSequence sequence, TokenTree tree, int[] places) : ILogitRows
    {
        public int Count => places.Length;

        public int VocabularySize => sequence.VocabularySize;

        public ReadOnlySpan<float> Row(int node) =>
            places[node] == sequence.Recorded ? sequence.BehindTheEnd(tree, node) : sequence.Logits(places[node]);

        public ReadOnlySpan<float> Hidden(int node) => [];
    }
}
