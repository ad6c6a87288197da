using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Inference.Language;

/// <summary>
/// A head on the target's hidden states that drafts token by token: EAGLE (its own output takes the place of the next hidden
/// state) and DeepSeek-V3's sequential module. Row t reads the hidden state at token t and the embedding of token t + 1, at
/// position t, and says token t + 2 (EAGLE paper, §3; DeepSeek-V3 report, §2.2).
/// </summary>
/// <param name="graph">Inputs <c>input_ids</c> (the next tokens) and <c>hidden_states</c>, output <c>hidden_states_out</c>; outlives this.</param>
/// <param name="fusion">EAGLE-3: makes one hidden state of three layers'; null where the head reads the target's as they are.</param>
public sealed class HiddenDraftNetwork(DecoderGraph graph, FeatureFusion? fusion = null) : IDraftNetwork
{
    private readonly DraftRows rows = new(graph, [DecoderGraph.HiddenStatesOut]);
    private readonly Dictionary<int, float[]> carried = [];
    private readonly List<float[]> unread = [];
    private int length;

    /// <inheritdoc/>
    public int VocabularySize => graph.VocabularySize;

    /// <inheritdoc/>
    public void ObservePrefill(ILogitRows rows)
    {
        for (var row = 0; row < rows.Count; row++)
        {
            Remember(rows.Hidden(row));
        }
    }

    /// <inheritdoc/>
    public void Observe(in Round round)
    {
        Remember(round.Rows.Hidden(0));
        foreach (var node in round.Verdict.Path)
        {
            Remember(round.Rows.Hidden(node));
        }
    }

    /// <inheritdoc/>
    public ILogitRows Begin(DecodedText text)
    {
        // What was drafted stood on the head's own hidden states; the true ones are here now.
        rows.Settle();
        carried.Clear();
        var tokens = text.Span;
        var count = tokens.Length - 1 - length;
        if (unread.Count != count)
        {
            throw new InvalidOperationException(
                $"The target gave {unread.Count} hidden states for {count} tokens: its sequence must fetch {DecoderGraph.HiddenStates} of every prompt token.");
        }

        var hidden = new float[count * graph.HiddenWidth];
        for (var i = 0; i < count; i++)
        {
            unread[i].CopyTo(hidden, i * graph.HiddenWidth);
        }

        unread.Clear();
        var read = rows.Commit(tokens[(length + 1)..], CausalSequence.Positions(length, count), hidden);
        length += count;
        carried[0] = read.Hidden(count - 1).ToArray();
        return new RowView(read, count - 1);
    }

    /// <inheritdoc/>
    public ILogitRows Extend(TokenTree tree, ReadOnlySpan<int> nodes)
    {
        var hidden = new float[nodes.Length * graph.HiddenWidth];
        for (var i = 0; i < nodes.Length; i++)
        {
            if (!carried.TryGetValue(tree.Parent(nodes[i]), out var state))
            {
                throw new InvalidOperationException($"Node {nodes[i]} is read in one call with its parent, whose hidden state it needs.");
            }

            state.CopyTo(hidden, i * graph.HiddenWidth);
        }

        var read = rows.Extend(tree, nodes, length - 1, hidden);
        for (var i = 0; i < nodes.Length; i++)
        {
            carried[nodes[i]] = read.Hidden(i).ToArray();
        }

        return read;
    }

    /// <inheritdoc/>
    public void Dispose() => rows.Dispose();

    private void Remember(ReadOnlySpan<float> hidden)
    {
        var state = fusion is null ? hidden.ToArray() : fusion.Fuse(hidden);
        if (state.Length != graph.HiddenWidth)
        {
            throw new ModelContractException(
                graph.File, DecoderGraph.HiddenStates, $"hidden states of width {graph.HiddenWidth}", $"{state.Length} from the target", "Use the head that was trained for this target");
        }

        unread.Add(state);
    }
}
