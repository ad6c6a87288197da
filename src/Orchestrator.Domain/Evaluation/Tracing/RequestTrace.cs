using System.Globalization;
using Orchestrator.Domain.Statistics;

namespace Orchestrator.Domain.Evaluation.Tracing;

/// <summary>Names one generation of a cell; seeds and idempotent writes go by it. Sorts by prompt, turn, sample.</summary>
/// <param name="Prompt">Id of the prompt, for example Spec-Bench's <c>question_id</c>.</param>
/// <param name="Turn">Turn of the conversation, from 0.</param>
/// <param name="Sample">Repetition with another seed, from 0.</param>
public readonly record struct RequestKey(string Prompt, int Turn, int Sample) : IComparable<RequestKey>
{
    /// <summary>The generation's own random numbers: they depend on these and nothing else, least of all on the worker.</summary>
    /// <param name="seed">Seed of the way of sampling.</param>
    public SeededStream Draws(long seed) => SeededStream.For(
        seed, Prompt, Turn.ToString(CultureInfo.InvariantCulture), Sample.ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc />
    public int CompareTo(RequestKey other)
    {
        var prompt = string.CompareOrdinal(Prompt, other.Prompt);
        return prompt != 0 ? prompt : (Turn, Sample).CompareTo((other.Turn, other.Sample));
    }
}

/// <summary>How a generation ended. Only <see cref="Ok"/> is data; the others are counted as what they are.</summary>
public enum RequestOutcome
{
    /// <summary>Ended by an end token or the limit.</summary>
    Ok,

    /// <summary>An error.</summary>
    Error,

    /// <summary>Took too long.</summary>
    Timeout,

    /// <summary>The model's context ended first.</summary>
    ContextFull,

    /// <summary>Tokens behind an end token were counted: an error of the decoder.</summary>
    EndOvershoot,
}

/// <summary>One generation: its rounds, or its failure.</summary>
/// <param name="Key">Which one.</param>
/// <param name="Category">The prompt's category.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Error">What went wrong; null for <see cref="RequestOutcome.Ok"/>.</param>
/// <param name="PromptTokens">Tokens read by the prefill.</param>
/// <param name="PromptTokensCut">Tokens cut from the prompt because it was too long for the model.</param>
/// <param name="PrefillMicroseconds">Prefill, the first token included.</param>
/// <param name="OutputTokens">Tokens of the output: the prefill's first and all that rounds emitted.</param>
/// <param name="Steps">Rounds in order.</param>
public sealed record RequestTrace(
    RequestKey Key,
    string Category,
    RequestOutcome Outcome,
    string? Error,
    int PromptTokens,
    int PromptTokensCut,
    long PrefillMicroseconds,
    int OutputTokens,
    IReadOnlyList<StepTrace> Steps);
