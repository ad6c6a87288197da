namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>When a request ends.</summary>
/// <param name="MaxNewTokens">Output tokens at most, from 1.</param>
/// <param name="EndTokens">Ids after which nothing is emitted; the end token itself counts as output. May be empty.</param>
public sealed record DecodeLimits(int MaxNewTokens, IReadOnlySet<int> EndTokens);

/// <summary>Why a request ended.</summary>
public enum DecodeEnd
{
    /// <summary>It goes on.</summary>
    None,

    /// <summary>An end token was emitted.</summary>
    EndToken,

    /// <summary>The limit of new tokens was reached.</summary>
    Limit,

    /// <summary>The target has no room for another token.</summary>
    ContextFull,
}
