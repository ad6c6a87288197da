namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>One generation of a baseline as it is stored for replays.</summary>
/// <param name="Prompt">Id of the prompt.</param>
/// <param name="Category">Its category.</param>
/// <param name="Turn">Turn of the conversation, from 0.</param>
/// <param name="Sample">Repetition, from 0.</param>
/// <param name="Temperature">Temperature of the generation; only those at 0 can be replayed.</param>
/// <param name="Tokens">Tokens of the prompt, earlier turns included.</param>
/// <param name="PromptTokensCut">Tokens cut from it beforehand.</param>
/// <param name="VocabularySize">The target's.</param>
/// <param name="Context">Rows of the target's context.</param>
/// <param name="EndTokens">Ids that end an output.</param>
/// <param name="Limit">Output tokens that were allowed.</param>
/// <param name="OutputTokens">Tokens of the output; <paramref name="Output"/> goes on behind them.</param>
/// <param name="Text">The output as text.</param>
/// <param name="Output">What the target said before each token.</param>
public sealed record RecordedRequest(
    string Prompt,
    string Category,
    int Turn,
    int Sample,
    double Temperature,
    IReadOnlyList<int> Tokens,
    int PromptTokensCut,
    int VocabularySize,
    int Context,
    IReadOnlyList<int> EndTokens,
    int Limit,
    int OutputTokens,
    string Text,
    IReadOnlyList<RecordedToken> Output);
