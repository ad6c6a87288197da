using Orchestrator.Domain.Evaluation.Decoding;

namespace Orchestrator.Inference.Language;

/// <summary>One of some rows, as row 0.</summary>
internal sealed class OneRow(ILogitRows rows, int row) : ILogitRows
{
    public int Count => 1;

    public int VocabularySize => rows.VocabularySize;

    public ReadOnlySpan<float> Row(int node) => rows.Row(row);

    public ReadOnlySpan<float> Hidden(int node) => rows.Hidden(row);
}
