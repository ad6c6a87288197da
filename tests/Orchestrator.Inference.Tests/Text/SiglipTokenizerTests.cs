using FsCheck.Xunit;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Tests.Text;

/// <summary>Oracle: the sentencepiece library 0.1.97 on 640 strings (<c>Vectors/make_subwords.py</c>).</summary>
public sealed class SiglipTokenizerTests
{
    private static readonly SiglipTokenizer Tiny = SiglipTokenizer.Load(VectorFiles.Path("sentencepiece-tiny"));

    [Fact]
    public void Pieces_RawText_EqualSentencePiece() => TokenRows.AssertEqual("raw", "sentencepiece_ids.json", Tiny.Pieces);

    [Fact]
    public void Encode_CanonicalText_EqualsSentencePiece() => TokenRows.AssertEqual("siglip", "sentencepiece_ids.json", text =>
    {
        var ids = new long[64];
        var length = Tiny.Encode(text, ids);
        Assert.All(ids[length..], id => Assert.Equal(1, id));
        return ids[..length].Select(id => (int)id);
    });

    /// <summary>The same pieces, scores and map written as a Unigram tokenizer.json give the same ids.</summary>
    [Fact]
    public void Encode_UnigramTokenizerJson_EqualsSentencePiece()
    {
        var model = SentencePieceModel.Read(VectorFiles.Path("sentencepiece-tiny"));
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", System.Text.Json.JsonSerializer.Serialize(new
        {
            added_tokens = new[] { new { id = 0, content = "<pad>" }, new { id = 1, content = "</s>" }, new { id = 2, content = "<unk>" } },
            normalizer = new { type = "Sequence", normalizers = new[] { new { type = "Precompiled", precompiled_charsmap = Convert.ToBase64String(model.CharsMap.Span) } } },
            model = new { type = "Unigram", unk_id = 2, vocab = model.Pieces.Select(p => new object[] { p.Text, p.Score }).ToArray() },
        }));
        folder.Write("tokenizer_config.json", VectorFiles.Bytes("sentencepiece-tiny", "tokenizer_config.json"));
        var tokenizer = SiglipTokenizer.Load(folder.Path);
        TokenRows.AssertEqual("raw", "sentencepiece_ids.json", tokenizer.Pieces);
        Assert.Equal((Tiny.EndId, Tiny.PadId, Tiny.ContextLength, Tiny.LargestId), (tokenizer.EndId, tokenizer.PadId, tokenizer.ContextLength, tokenizer.LargestId));
    }

    [Theory]
    [InlineData("A Photo, of_a  CAT!", SiglipTextCleaning.BigVision, "a photo of a cat")]
    [InlineData("A Photo, of_a  CAT!", SiglipTextCleaning.HuggingFace, "a photo ofa cat")]
    [InlineData(" \u001c$+<=>^`|~ \u3000 ", SiglipTextCleaning.BigVision, "")]
    [InlineData("«x» ΟΔΟΣ 3€", SiglipTextCleaning.HuggingFace, "«x» οδος 3€")]
    public void Canonicalize_TakesAsciiPunctuationOnly(string text, SiglipTextCleaning cleaning, string expected) => Assert.Equal(expected, SiglipTokenizer.Canonicalize(text, cleaning));

    [Fact]
    public void Encode_LongText_KeepsTheEndLast()
    {
        var ids = new long[64];
        Assert.Equal(64, Tiny.Encode(string.Concat(Enumerable.Repeat("photo ", 200_000)), ids));
        Assert.Equal(1, ids[63]);
        Assert.DoesNotContain(1L, ids[..63]);
        Assert.Throws<ArgumentException>(() => Tiny.Encode("a", new long[63]));
    }

    [Property(MaxTest = 300)]
    public void Encode_AnyString_IsOneRowOfKnownIds(string? text)
    {
        var ids = new long[64];
        var length = Tiny.Encode(text ?? "", ids);
        Assert.Equal(Tiny.EndId, ids[length - 1]);
        Assert.All(ids, id => Assert.InRange(id, 0, Tiny.LargestId));
    }

    [Theory]
    [InlineData("spiece.model", "not a protobuf", "SentencePiece model")]
    [InlineData("spiece.model", "", "unknown")]
    [InlineData("spiece.model", "\n\u007f", "SentencePiece model")]
    [InlineData("tokenizer.json", """{"model": {"type": "WordPiece", "vocab": {}}}""", "another family")]
    [InlineData("tokenizer.json", """{"model": {"vocab": [["a"]]}}""", "[piece, score]")]
    [InlineData("tokenizer.json", """{"model": {"vocab": [["a", 0]]}}""", "unk_id")]
    [InlineData("tokenizer.json", """{"model": {"vocab": [["a", 0]], "unk_id": 0}, "normalizer": {"precompiled_charsmap": "?"}}""", "base64")]
    [InlineData("tokenizer.json", """{"model": {"vocab": [["<unk>", 0], ["</s>", 0]], "unk_id": 0}, "normalizer": {"precompiled_charsmap": "/////w=="}}""", "a trie that fits")]
    [InlineData("tokenizer.json", """{"model": {"vocab": [["<unk>", 0]], "unk_id": 0}}""", "</s>")]
    [InlineData("tokenizer.json", """{"model": {"vocab": [["<unk>", 0], ["</s>", 0]], "unk_id": 0, "byte_fallback": true}}""", "<0x00>")]
    [InlineData("other.json", "{}", "spiece.model")]
    public void Load_BrokenFolder_NamesFileAndRemedy(string file, string content, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write(file, content);
        var error = Assert.Throws<ModelContractException>(() => SiglipTokenizer.Load(folder.Path));
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
