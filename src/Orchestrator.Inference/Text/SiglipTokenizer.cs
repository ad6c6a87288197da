using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>What SigLIP's canonical form makes of an underscore; all else is the same.</summary>
public enum SiglipTextCleaning
{
    /// <summary>A space, as big_vision (where the models were trained) and open_clip have it.</summary>
    BigVision,

    /// <summary>Nothing, like other punctuation: transformers' SiglipTokenizer.</summary>
    HuggingFace,
}

/// <summary>SigLIP's tokenizer: canonical text, SentencePiece unigram, the end id, 64 places padded with the pad id.</summary>
/// <remarks>
/// Canonical text: lower case as Python's <c>str.lower</c>, the 32 ASCII punctuation characters removed (the underscore: see
/// <see cref="SiglipTextCleaning"/>), runs of white space to one space, trimmed. A control token written in a caption
/// (<c>&lt;/s&gt;</c>) is plain text, as in the sentencepiece library. A text is cut so that the end id stays last; padding is the
/// folder's pad token (SigLIP: <c>&lt;/s&gt;</c>, id 1; padding with 0 moves embeddings far away). Cost is linear in the text. Safe
/// for concurrent use.
/// </remarks>
public sealed class SiglipTokenizer : ITextTokenizer
{
    private const int DefaultContext = 64;

    private readonly SentencePieceModel _model;
    private readonly SentencePieceNormalizer _normalizer;
    private readonly UnigramEncoder _encoder;

    private readonly SiglipTextCleaning _cleaning;

    private SiglipTokenizer(SentencePieceModel model, SiglipTextCleaning cleaning, int endId, int padId, int context)
    {
        (_model, _cleaning, EndId, PadId, ContextLength) = (model, cleaning, endId, padId, context);
        (_normalizer, _encoder) = (new SentencePieceNormalizer(model), new UnigramEncoder(model));
    }

    /// <inheritdoc/>
    public int ContextLength { get; }

    /// <inheritdoc/>
    public int PadId { get; }

    /// <summary>Id after every text (1 in SigLIP's vocabulary).</summary>
    public int EndId { get; }

    /// <summary>Largest id the vocabulary can give; the text model's table must be longer.</summary>
    public int LargestId => _model.Pieces.Count - 1;

    /// <summary>Reads a folder: <c>spiece.model</c> or a Unigram <c>tokenizer.json</c>, with tokenizer_config.json for end, pad and length.</summary>
    /// <param name="folder">Model folder.</param>
    /// <param name="cleaning">Default: as the models were trained.</param>
    /// <exception cref="ModelContractException">A file is missing or holds another tokenizer.</exception>
    public static SiglipTokenizer Load(string folder, SiglipTextCleaning cleaning = SiglipTextCleaning.BigVision)
    {
        var model = SentencePieceModel.Read(folder);
        var settings = TokenizerSettings.Read(folder);
        int Id(string field, string token) => model.IdOf(token)
            ?? throw new ModelContractException(model.Source, field, $"the vocabulary to hold {token}", "no such piece", "Take every tokenizer file from one download");
        var end = settings.Token("eos_token") ?? "</s>";
        return new SiglipTokenizer(model, cleaning, Id("eos_token", end), Id("pad_token", settings.Token("pad_token") ?? end), settings.Context(DefaultContext, least: 2));
    }

    /// <inheritdoc/>
    public int Encode(string text, Span<long> ids)
    {
        if (ids.Length != ContextLength)
        {
            throw new ArgumentException($"needs {ContextLength} places, got {ids.Length}", nameof(ids));
        }

        var tokens = Pieces(Canonicalize(text, _cleaning));
        var kept = Math.Min(tokens.Count, ContextLength - 1);
        for (var i = 0; i < kept; i++)
        {
            ids[i] = tokens[i];
        }

        ids[kept] = EndId;
        ids[(kept + 1)..].Fill(PadId);
        return kept + 1;
    }

    /// <summary>Ids of a text as it is, neither canonicalised nor ended: the sentencepiece library's <c>encode</c>.</summary>
    internal List<int> Pieces(string text) => _encoder.Encode(_normalizer.Normalize(text));

    /// <summary>SigLIP's canonical form of a text.</summary>
    public static string Canonicalize(string text, SiglipTextCleaning cleaning)
    {
        var builder = new StringBuilder(text.Length);
        foreach (var c in ClipTextCleaner.PythonLower(text))
        {
            var underscore = c == '_' && cleaning == SiglipTextCleaning.BigVision;
            if (char.IsAscii(c) && (char.IsPunctuation(c) || char.IsSymbol(c)) && !underscore)
            {
                continue;
            }

            if (!underscore && !ClipTextCleaner.IsPythonSpace(c))
            {
                builder.Append(c);
            }
            else if (builder.Length > 0 && builder[^1] != ' ')
            {
                builder.Append(' ');
            }
        }

        return builder.ToString().TrimEnd(' ');
    }
}
