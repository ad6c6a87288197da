using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>The processed draft law at a node, with the history that the target's law will have there.</summary>
internal static class NodeLaw
{
    /// <summary>Writes the law after the text and the path to the node.</summary>
    public static void Fill(ReadOnlySpan<float> logits, DecodedText text, TokenTree tree, int node, Span<double> law)
    {
        int[] history = text.Sampling.RepetitionPenalty == 1 ? [] : [.. text.Tokens, .. tree.PathTokens(node)];
        SamplingLaw.Fill(logits, text.Sampling, history, law);
    }
}
