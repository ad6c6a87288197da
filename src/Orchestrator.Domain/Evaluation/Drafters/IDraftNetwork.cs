using Orchestrator.Domain.Evaluation.Decoding;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// A network that drafts token by token below a growing tree: a small causal model, the first layers of the target (early
/// exit), an EAGLE head or a sequential MTP module. Implemented by the engine room, one sequence each, with its own cache.
/// </summary>
/// <remarks>
/// Rows are logits over the target's vocabulary; a network with a smaller one (EAGLE-3's d2t) gives minus infinity elsewhere.
/// Networks on hidden states read them in <see cref="ObservePrefill"/> and <see cref="Observe"/>.
/// </remarks>
public interface IDraftNetwork : IDisposable
{
    /// <summary>Tokens that have logits.</summary>
    int VocabularySize { get; }

    /// <summary>Drops what was drafted before, catches up with the text and reads its last token.</summary>
    /// <returns>One row: after the last token.</returns>
    ILogitRows Begin(DecodedText text);

    /// <summary>Reads some nodes of the tree that grows below the last token.</summary>
    /// <param name="tree">One and the same between two calls of <see cref="Begin"/>.</param>
    /// <param name="nodes">Ascending; parents are the root or were read before or stand in the same call. Leaves need no reading.</param>
    /// <returns>Row i belongs to nodes[i].</returns>
    ILogitRows Extend(TokenTree tree, ReadOnlySpan<int> nodes);

    /// <summary>The target's rows of the prompt, before the first <see cref="Begin"/>.</summary>
    void ObservePrefill(ILogitRows rows)
    {
    }

    /// <summary>The target's rows of a round: those of the root and the accepted path belong to the text from now on.</summary>
    void Observe(in Round round)
    {
    }
}
