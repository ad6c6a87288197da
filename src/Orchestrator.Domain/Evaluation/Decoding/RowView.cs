namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>Some rows of others, under new numbers.</summary>
/// <param name="rows">The rows.</param>
/// <param name="nodes">At i: the number there of row i.</param>
public sealed class RowView(ILogitRows rows, params int[] nodes) : ILogitRows
{
    /// <inheritdoc />
    public int Count => nodes.Length;

    /// <inheritdoc />
    public int VocabularySize => rows.VocabularySize;

    /// <inheritdoc />
    public ReadOnlySpan<float> Row(int node) => rows.Row(nodes[node]);

    /// <inheritdoc />
    public ReadOnlySpan<float> Hidden(int node) => rows.Hidden(nodes[node]);
}
