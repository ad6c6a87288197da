namespace Orchestrator.Samples.TextGenerator;

/// <summary>A conversation of one or two turns whose answers follow from its questions alone.</summary>
/// <param name="Category">
/// Spec-Bench's name: one of MT-bench's eight for the two-turn ones, else translation, summarization, qa, math_reasoning, rag.
/// </param>
/// <param name="Turns">What the user says, in order; one or two.</param>
/// <param name="Answers">The only right answer to each turn.</param>
public sealed record Conversation(string Category, IReadOnlyList<string> Turns, IReadOnlyList<string> Answers)
{
    internal static Conversation OneTurn(string category, string question, string answer) => new(category, [question], [answer]);
}
