using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>
/// A target that is read token by token and writes down what it said: the best logits and the mass of the rest, before every
/// output token. For the baseline; what comes of it is replayed by <see cref="RecordedSequence"/>.
/// </summary>
/// <param name="inner">The target's sequence; the caller disposes it.</param>
/// <param name="top">Logits kept of each row, from 1.</param>
public sealed class RecordingSequence(ICausalSequence inner, int top) : ICausalSequence
{
    private readonly List<(int[] Tokens, float[] Logits, double Tail)> rows = [];

    /// <inheritdoc />
    public int VocabularySize => inner.VocabularySize;

    /// <inheritdoc />
    public int Length => inner.Length;

    /// <inheritdoc />
    public int Capacity => inner.Capacity;

    /// <inheritdoc />
    public ILogitRows Prefill(ReadOnlySpan<int> prompt)
    {
        var read = inner.Prefill(prompt);
        Note(read.Row(read.Count - 1));
        return read;
    }

    /// <inheritdoc />
    public ILogitRows Forward(TokenTree tree)
    {
        if (tree.Count > 1)
        {
            throw new NotSupportedException("A record is made of the baseline, which reads one token a round.");
        }

        var read = inner.Forward(tree);
        Note(read.Row(0));
        return read;
    }

    /// <inheritdoc />
    public void Keep(ReadOnlySpan<int> path) => inner.Keep(path);

    /// <inheritdoc />
    public void Rewind(int length) => throw new NotSupportedException("A record goes forward only.");

    /// <inheritdoc />
    public void Dispose()
    {
    }

    /// <summary>
    /// The record of a finished greedy output and of what the target would have said after it: a draft that reaches over the
    /// end is then accepted as far as by the target itself.
    /// </summary>
    /// <param name="output">The output.</param>
    /// <param name="beyond">Tokens behind the output at most; fewer where the context ends. 0 for a sampled output.</param>
    public IReadOnlyList<RecordedToken> Finish(IReadOnlyList<int> output, int beyond)
    {
        var tokens = output.ToList();
        for (var i = 0; i < beyond && Length < Capacity; i++)
        {
            Forward(new TokenTree(tokens[^1]));
            Keep([]);
            tokens.Add(rows[^1].Tokens[0]);
        }

        return [.. tokens.Select((token, i) => new RecordedToken(token, rows[i].Tokens, rows[i].Logits, rows[i].Tail))];
    }

    private void Note(ReadOnlySpan<float> row)
    {
        var best = TopTokens.Of(row, top);
        var scale = TopTokens.LogSumExp(row);
        var logits = new float[best.Length];
        var mass = 0.0;
        for (var i = 0; i < best.Length; i++)
        {
            logits[i] = row[best[i]];
            mass += Math.Exp(logits[i] - scale);
        }

        rows.Add((best, logits, Math.Max(0, 1 - mass)));
    }
}
