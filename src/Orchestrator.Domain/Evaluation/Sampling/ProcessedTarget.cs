using System.Buffers;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Domain.Evaluation.Sampling;

/// <summary>Processes the rows of a target forward on demand: a verifier visits few nodes of a tree, and a row may be 150,000 wide.</summary>
/// <param name="rows">Row i: logits after node i.</param>
/// <param name="tree">The tree that was scored.</param>
/// <param name="committed">Tokens so far, the root last.</param>
/// <param name="options">The processing.</param>
public sealed class ProcessedTarget(ILogitRows rows, TokenTree tree, IReadOnlyList<int> committed, SamplingOptions options) : ITargetLaw, IDisposable
{
    private readonly double[]?[] laws = new double[]?[tree.Count];

    /// <inheritdoc />
    public int VocabularySize => rows.VocabularySize;

    /// <summary>The rows before processing.</summary>
    public ILogitRows Rows => rows;

    /// <inheritdoc />
    public ReadOnlySpan<double> At(int node)
    {
        if (laws[node] is not { } law)
        {
            law = ArrayPool<double>.Shared.Rent(rows.VocabularySize);
            SamplingLaw.Fill(rows.Row(node), options, History(node), law.AsSpan(0, rows.VocabularySize));
            laws[node] = law;
        }

        return law.AsSpan(0, rows.VocabularySize);
    }

    /// <summary>The best minus the second-best logit after a node, repetition penalty applied; infinite where one token alone is allowed.</summary>
    public double Margin(int node) => SamplingLaw.Margin(rows.Row(node), options, History(node));

    /// <inheritdoc />
    public void Dispose()
    {
        for (var i = 0; i < laws.Length; i++)
        {
            if (laws[i] is { } law)
            {
                ArrayPool<double>.Shared.Return(law);
                laws[i] = null;
            }
        }
    }

    private int[] History(int node) => options.RepetitionPenalty == 1 ? [] : [.. committed, .. tree.PathTokens(node)];
}
