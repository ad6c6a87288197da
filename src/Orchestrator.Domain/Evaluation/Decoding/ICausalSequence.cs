using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>
/// One sequence of a target model with its key-value cache: the contract of reading ahead and rolling back. Implemented by
/// the engine room (batch 1; tree rows by attention bias, or leaf paths as a batch), and by scripted models in tests.
/// </summary>
/// <remarks>
/// <para>Rows <c>0..Length-1</c> are committed. <see cref="Forward"/> adds one provisional row a node of the tree, root first.
/// The next call must be <see cref="Keep"/>, which moves the rows of one path to places <c>Length, Length+1, ...</c> and drops
/// the others for good: no later forward may see them.</para>
/// <para>Law (a contract test holds it): after any calls, the logits of a forward equal, up to rounding, those of a new
/// sequence that read the committed tokens and the path to the node and nothing else.</para>
/// <para>The last committed token of a text, the root of the next tree, is not in the cache yet.</para>
/// </remarks>
public interface ICausalSequence : IDisposable
{
    /// <summary>Tokens that have logits.</summary>
    int VocabularySize { get; }

    /// <summary>Committed rows.</summary>
    int Length { get; }

    /// <summary>Rows that there is room for: the model's context, or what was reserved of it.</summary>
    int Capacity { get; }

    /// <summary>Reads a prompt into an empty cache and commits it.</summary>
    /// <param name="prompt">At least one token, at most <see cref="Capacity"/>.</param>
    /// <returns>One row a token. Hidden states of all, where the model exports them; logits of the last at least.</returns>
    ILogitRows Prefill(ReadOnlySpan<int> prompt);

    /// <summary>Reads a tree after the committed rows, its root at position <see cref="Length"/>; there must be room for all its nodes.</summary>
    /// <returns>One row a node, in the order of the nodes.</returns>
    ILogitRows Forward(TokenTree tree);

    /// <summary>Commits the root and the nodes of a path, each a child of the one before, and drops every other provisional row.</summary>
    /// <param name="path">Nodes from below the root; empty commits the root alone.</param>
    void Keep(ReadOnlySpan<int> path);

    /// <summary>Drops committed rows from <paramref name="length"/> on.</summary>
    void Rewind(int length);
}
