using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>The tokens of one request so far: prompt, then output. Drafters read it; the decoder alone appends.</summary>
/// <param name="sampling">How laws are processed, for drafters that draw.</param>
public sealed class DecodedText(SamplingOptions sampling)
{
    private readonly List<int> tokens = [];

    /// <summary>How target and draft laws are processed.</summary>
    public SamplingOptions Sampling => sampling;

    /// <summary>Every token; the last one is the root of the next tree.</summary>
    public IReadOnlyList<int> Tokens => tokens;

    /// <summary>The tokens as a span, valid until the next append.</summary>
    public ReadOnlySpan<int> Span => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tokens);

    /// <summary>Tokens of the prompt.</summary>
    public int PromptLength { get; private set; }

    /// <summary>The last token.</summary>
    public int Last => tokens[^1];

    /// <summary>Output tokens.</summary>
    public IEnumerable<int> Output => tokens.Skip(PromptLength);

    /// <summary>Number of output tokens.</summary>
    public int OutputLength => tokens.Count - PromptLength;

    /// <summary>A text that starts with a prompt.</summary>
    public static DecodedText After(ReadOnlySpan<int> prompt, SamplingOptions sampling)
    {
        var text = new DecodedText(sampling);
        text.tokens.AddRange(prompt);
        text.PromptLength = prompt.Length;
        return text;
    }

    /// <summary>Appends output.</summary>
    internal void Append(int token) => tokens.Add(token);
}
