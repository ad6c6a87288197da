namespace Orchestrator.Domain.Evaluation;

/// <summary>One question of an evaluation; a conversation where it has several turns.</summary>
/// <param name="Id">Spec-Bench's <c>question_id</c> as text, or the line's number.</param>
/// <param name="Category">Category of results.</param>
/// <param name="Turns">What the user says, at least one turn.</param>
public sealed record EvaluationPrompt(string Id, string Category, IReadOnlyList<string> Turns);
