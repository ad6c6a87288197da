namespace Orchestrator.Inference.Text;

/// <summary>Text to the fixed-length ids a text encoder takes. Implementations are safe for concurrent use.</summary>
public interface ITextTokenizer
{
    /// <summary>Ids in one row, special and padding ids included.</summary>
    int ContextLength { get; }

    /// <summary>Id that fills a row after the text.</summary>
    int PadId { get; }

    /// <summary>
    /// Writes one row: special ids, text cut to fit, padding. Any string is legal; cost is linear in its length at worst.
    /// </summary>
    /// <param name="text">Text of any length.</param>
    /// <param name="ids">Exactly <see cref="ContextLength"/> places.</param>
    /// <returns>Ids before the padding, 0 to <see cref="ContextLength"/>: the number of ones in an attention mask.</returns>
    int Encode(string text, Span<long> ids);
}
