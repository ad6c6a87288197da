using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Inference.Text;

/// <summary>What a piece is for; the numbers are those of sentencepiece_model.proto.</summary>
internal enum PieceType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>One entry of the vocabulary; its id is its place.</summary>
/// <param name="Text">Piece, U+2581 for a space.</param>
/// <param name="Score">Log probability.</param>
/// <param name="Type">Kind.</param>
internal readonly record struct Piece(string Text, float Score, PieceType Type);

/// <summary>A unigram model, from <c>spiece.model</c> (protobuf ModelProto of sentencepiece) or from a Unigram <c>tokenizer.json</c>.</summary>
internal sealed record SentencePieceModel(string Source, IReadOnlyList<Piece> Pieces, int UnknownId)
{
    /// <summary>Normalisation rules: trie size, double array, replacement strings; empty for identity.</summary>
    public ReadOnlyMemory<byte> CharsMap { get; init; }

    /// <summary>Put a space in front of the text. Default true.</summary>
    public bool AddDummyPrefix { get; init; } = true;

    /// <summary>Take off leading and trailing spaces and collapse runs. Default true.</summary>
    public bool RemoveExtraWhitespaces { get; init; } = true;

    /// <summary>Unknown characters become their bytes' pieces. Default false.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Id of a piece by its text; null when absent.</summary>
    public int? IdOf(string text)
    {
        for (var id = 0; id < Pieces.Count; id++)
        {
            if (Pieces[id].Text == text)
            {
                return id;
            }
        }

        return null;
    }

    /// <summary>Reads the folder's <c>spiece.model</c> (or tokenizer.model, sentencepiece.bpe.model), else its <c>tokenizer.json</c>.</summary>
    /// <exception cref="ModelContractException">Neither is there, or it holds no unigram model.</exception>
    public static SentencePieceModel Read(string folder)
    {
        foreach (var name in (ReadOnlySpan<string>)["spiece.model", "tokenizer.model"])
        {
            var path = Path.Combine(folder, name);
            if (File.Exists(path))
            {
                return FromProtobuf(path, File.ReadAllBytes(path));
            }
        }

        var json = Path.Combine(folder, "tokenizer.json");
        return File.Exists(json)
            ? FromTokenizerJson(JsonFile.Read(json))
            : throw new ModelContractException(folder, "file", "spiece.model, tokenizer.model or tokenizer.json", "none of them", "Copy the tokenizer files from the model's repository");
    }

    internal static SentencePieceModel FromProtobuf(string path, byte[] bytes)
    {
        var pieces = new List<Piece>();
        ReadOnlyMemory<byte> trainer = default, normalizer = default;
        try
        {
            foreach (var field in Fields(bytes))
            {
                switch (field.Number)
                {
                    case 1:
                        pieces.Add(ReadPiece(field.Bytes));
                        break;
                    case 2:
                        trainer = field.Bytes;
                        break;
                    case 3:
                        normalizer = field.Bytes;
                        break;
                }
            }

            var settings = Fields(trainer).ToLookup(f => f.Number, f => f.Value);
            var type = settings[3].LastOrDefault(1ul);
            if (type != 1)
            {
                throw new ModelContractException(path, "trainer_spec.model_type", "1 (unigram)", type.ToString(), "This folder's tokenizer is of another family (2 is BPE)");
            }

            var rules = Fields(normalizer).ToLookup(f => f.Number);
            bool Rule(int number) => !rules[number].Any() || rules[number].Last().Value != 0;
            if (!Rule(5) || settings[24].LastOrDefault() != 0)
            {
                throw new ModelContractException(path, "normalizer_spec", "escape_whitespaces true and treat_whitespace_as_suffix false", "another setting", "Only models in SigLIP's and T5's form are read");
            }

            return Checked(new SentencePieceModel(path, pieces, pieces.FindIndex(p => p.Type == PieceType.Unknown))
            {
                CharsMap = rules[2].Any() ? rules[2].Last().Bytes : default,
                AddDummyPrefix = Rule(3),
                RemoveExtraWhitespaces = Rule(4),
                ByteFallback = settings[35].LastOrDefault() != 0,
            });
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or OverflowException)
        {
            throw new ModelContractException(path, "file", "a SentencePiece model (protobuf)", e.Message, "Download the file again", e);
        }
    }

    private static SentencePieceModel FromTokenizerJson(JsonFile file)
    {
        if (file.Find("model") is not { ValueKind: JsonValueKind.Object } model || !model.TryGetProperty("vocab", out var vocab) || vocab.ValueKind != JsonValueKind.Array)
        {
            throw new ModelContractException(file.Path, "model", "type Unigram with a vocab of [piece, score] pairs", file.Find("model") is { } other ? other.GetRawText()[..Math.Min(60, other.GetRawText().Length)] : "nothing", "This folder's tokenizer is of another family");
        }

        var special = file.Find("added_tokens") is { ValueKind: JsonValueKind.Array } list
            ? list.EnumerateArray().Select(t => t.TryGetProperty("content", out var content) ? content.GetString() : null).ToHashSet(StringComparer.Ordinal)
            : [];
        var unknown = model.TryGetProperty("unk_id", out var id) && id.ValueKind == JsonValueKind.Number ? file.Integer("model.unk_id", id) : -1;
        var fallback = model.TryGetProperty("byte_fallback", out var flag) && flag.ValueKind == JsonValueKind.True;
        var pieces = new List<Piece>();
        foreach (var entry in vocab.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Array || entry.GetArrayLength() != 2 || entry[0].ValueKind != JsonValueKind.String || entry[1].ValueKind != JsonValueKind.Number)
            {
                throw file.Wrong("model.vocab", "[piece, score] pairs", entry);
            }

            var text = entry[0].GetString()!;
            var type = pieces.Count == unknown ? PieceType.Unknown
                : special.Contains(text) ? PieceType.Control
                : fallback && text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) ? PieceType.Byte : PieceType.Normal;
            pieces.Add(new Piece(text, (float)entry[1].GetDouble(), type));
        }

        var map = file.Find("normalizer") is { } normalizer ? PrecompiledMap(normalizer) : null;
        try
        {
            return Checked(new SentencePieceModel(file.Path, pieces, unknown) { CharsMap = map is null ? default : Convert.FromBase64String(map), ByteFallback = fallback });
        }
        catch (FormatException e)
        {
            throw new ModelContractException(file.Path, "normalizer.precompiled_charsmap", "base64", e.Message, inner: e);
        }
    }

    private static string? PrecompiledMap(JsonElement normalizer)
    {
        if (normalizer.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (normalizer.TryGetProperty("precompiled_charsmap", out var map) && map.ValueKind == JsonValueKind.String)
        {
            return map.GetString();
        }

        return normalizer.TryGetProperty("normalizers", out var inner) && inner.ValueKind == JsonValueKind.Array
            ? inner.EnumerateArray().Select(PrecompiledMap).FirstOrDefault(found => found is not null)
            : null;
    }

    private static SentencePieceModel Checked(SentencePieceModel model)
    {
        if (model.Pieces.Any(p => p.Type == PieceType.UserDefined))
        {
            throw new ModelContractException(model.Source, "pieces", "no user-defined pieces", $"'{model.Pieces.First(p => p.Type == PieceType.UserDefined).Text}'", "Only models in SigLIP's and T5's form are read");
        }

        return model.UnknownId >= 0 && model.UnknownId < model.Pieces.Count
            ? model
            : throw new ModelContractException(model.Source, "unk_id", "a piece of type unknown", model.Pieces.Count == 0 ? "no pieces at all" : "none", "Download the file again");
    }

    private static Piece ReadPiece(ReadOnlyMemory<byte> message)
    {
        var (text, score, type) = ("", 0f, PieceType.Normal);
        foreach (var field in Fields(message))
        {
            switch (field.Number)
            {
                case 1:
                    text = Encoding.UTF8.GetString(field.Bytes.Span);
                    break;
                case 2:
                    score = BitConverter.UInt32BitsToSingle((uint)field.Value);
                    break;
                case 3:
                    type = (PieceType)field.Value;
                    break;
            }
        }

        return new Piece(text, score, type);
    }

    /// <summary>Fields of one protobuf message, in order. A length-delimited field carries bytes, the others a value.</summary>
    private static IEnumerable<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> Fields(ReadOnlyMemory<byte> message)
    {
        var at = 0;
        while (at < message.Length)
        {
            var key = Varint(message.Span, ref at);
            var number = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    yield return (number, Varint(message.Span, ref at), default);
                    break;
                case 1:
                    yield return (number, BinaryPrimitives.ReadUInt64LittleEndian(message.Slice(at, 8).Span), default);
                    at += 8;
                    break;
                case 2:
                    var length = checked((int)Varint(message.Span, ref at));
                    yield return (number, 0, message.Slice(at, length));
                    at += length;
                    break;
                case 5:
                    yield return (number, BinaryPrimitives.ReadUInt32LittleEndian(message.Slice(at, 4).Span), default);
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"wire type {key & 7} at byte {at}");
            }
        }
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0ul;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= bytes.Length)
            {
                throw new InvalidDataException("ends inside a number");
            }

            var part = bytes[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException($"a number of more than 64 bits at byte {at}");
    }
}
