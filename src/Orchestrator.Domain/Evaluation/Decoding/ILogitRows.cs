namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>
/// What one forward gave: a row of logits, and of hidden states where the model exports them, for each token it read.
/// Implemented by the engine room over its output buffers; the rows stay valid until the sequence's next forward.
/// </summary>
public interface ILogitRows
{
    /// <summary>Rows: one a node of the tree, or a token of the prompt, that was read.</summary>
    int Count { get; }

    /// <summary>Logits a row.</summary>
    int VocabularySize { get; }

    /// <summary>Logits of the token after the node; <see cref="VocabularySize"/> values.</summary>
    ReadOnlySpan<float> Row(int node);

    /// <summary>Hidden state at the node for EAGLE, MTP and Medusa heads (EAGLE-3: its layers joined); empty where the model exports none.</summary>
    ReadOnlySpan<float> Hidden(int node);
}
