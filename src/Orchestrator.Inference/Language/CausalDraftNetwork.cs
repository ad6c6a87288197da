using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Inference.Language;

/// <summary>
/// A causal model that drafts: a small one of its own, or the first layers of the target with an early exit. Rows of drafted
/// tokens that were accepted stay in its cache; the rest of the text it reads again.
/// </summary>
/// <param name="graph">The decoder; outlives this.</param>
public sealed class CausalDraftNetwork(DecoderGraph graph) : IDraftNetwork
{
    private readonly DraftRows rows = new(graph, []);
    private TokenTree? drafted;
    private int length;

    /// <inheritdoc/>
    public int VocabularySize => graph.VocabularySize;

    /// <inheritdoc/>
    public ILogitRows Begin(DecodedText text)
    {
        var tokens = text.Span;
        SettleAccepted(tokens);
        var read = rows.Commit(tokens[length..], CausalSequence.Positions(length, tokens.Length - length));
        length = tokens.Length;
        return new RowView(read, read.Count - 1);
    }

    /// <inheritdoc/>
    public ILogitRows Extend(TokenTree tree, ReadOnlySpan<int> nodes)
    {
        drafted = tree;
        return rows.Extend(tree, nodes, length - 1);
    }

    /// <inheritdoc/>
    public void Dispose() => rows.Dispose();

    private void SettleAccepted(ReadOnlySpan<int> tokens)
    {
        var kept = new List<int>();
        if (drafted is { } tree)
        {
            // Not the last token: its row is what Begin returns.
            for (var node = 0; length + kept.Count < tokens.Length - 1; kept.Add(node))
            {
                node = tree.ChildWith(node, tokens[length + kept.Count]);
                if (node < 0 || !rows.Has(node))
                {
                    break;
                }
            }
        }

        rows.Settle([.. kept]);
        length += kept.Count;
        drafted = null;
    }
}
