using FsCheck.Xunit;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Tests.Text;

/// <summary>Oracle: Hugging Face's own Rust tokenizers on 640 strings (<c>Vectors/make_subwords.py</c>, <c>Vectors/make_wordpiece.mjs</c>).</summary>
public sealed class WordPieceTokenizerTests
{
    private static readonly WordPieceTokenizer Tiny = WordPieceTokenizer.Load(VectorFiles.Path("wordpiece-tiny"));

    [Fact]
    public void Tokens_TokenizerJson_EqualHuggingFace() => TokenRows.AssertEqual("uncased", "wordpiece_ids.json", text => Framed(Tiny, text));

    [Fact]
    public void Tokens_VocabFile_EqualHuggingFace()
    {
        using var folder = Copy("vocab.txt", "tokenizer_config.json");
        var tokenizer = WordPieceTokenizer.Load(folder.Path);
        TokenRows.AssertEqual("uncased", "wordpiece_ids.json", text => Framed(tokenizer, text));
    }

    [Fact]
    public void Tokens_Cased_EqualHuggingFace()
    {
        using var folder = Copy("tokenizer.json", "tokenizer_config.json");
        folder.Write("tokenizer.json", File.ReadAllText(Path.Combine(folder.Path, "tokenizer.json")).Replace("\"lowercase\": true", "\"lowercase\": false", StringComparison.Ordinal));
        var tokenizer = WordPieceTokenizer.Load(folder.Path);
        TokenRows.AssertEqual("cased", "wordpiece_ids.json", text => Framed(tokenizer, text));
    }

    [Fact]
    public void Encode_LongText_KeepsTheEndLast_AndShortTextIsPadded()
    {
        var tokenizer = WordPieceTokenizer.Load(VectorFiles.Path("wordpiece-tiny"), 35);
        var ids = new long[35];
        Assert.Equal(35, tokenizer.Encode(string.Concat(Enumerable.Repeat("photo ", 300)), ids));
        Assert.Equal((tokenizer.StartId, tokenizer.EndId), (ids[0], ids[34]));
        Assert.Equal(3, tokenizer.Encode("a", ids));
        Assert.All(ids[3..], id => Assert.Equal(tokenizer.PadId, id));
        Assert.Throws<ArgumentException>(() => tokenizer.Encode("a", new long[34]));
    }

    /// <summary>Every character of the vocabulary stands alone in it, so a text of plain words comes back.</summary>
    [Theory]
    [InlineData("a photo of a cat", "a photo of a cat")]
    [InlineData("  A  PHOTO, of it. ", "a photo, of it.")]
    [InlineData("[CLS] a cat [SEP]", "a cat")]
    [InlineData("it's", "it's")]
    public void Decode_OfEncoded_JoinsPieces(string text, string expected) => Assert.Equal(expected, Tiny.Decode(Tiny.Tokens(text)));

    [Fact]
    public void Decode_IdBeyondTheVocabulary_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => Tiny.Decode([Tiny.LargestId + 1]));

    [Property(MaxTest = 300)]
    public void Encode_AnyString_IsOneRowOfKnownIds(string? text)
    {
        var tokenizer = WordPieceTokenizer.Load(VectorFiles.Path("wordpiece-tiny"), 16);
        var ids = new long[16];
        var length = tokenizer.Encode(text ?? "", ids);
        Assert.Equal(tokenizer.EndId, ids[length - 1]);
        Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.LargestId));
    }

    [Theory]
    [InlineData("tokenizer.json", """{"model": {"type": "BPE", "vocab": {}}}""", "another family")]
    [InlineData("tokenizer.json", """{"model": {"type": "WordPiece"}, "normalizer": {"type": "BertNormalizer"}}""", "model.vocab")]
    [InlineData("tokenizer.json", """{"model": {"type": "WordPiece", "vocab": {"a": 0}}, "normalizer": {"type": "NFC"}}""", "BertNormalizer")]
    [InlineData("tokenizer.json", """{"model": {"type": "WordPiece", "vocab": {"a": 0}}, "normalizer": {"type": "BertNormalizer"}}""", "[CLS]")]
    [InlineData("vocab.txt", "a\nb", "[CLS]")]
    [InlineData("other.txt", "", "tokenizer.json or vocab.txt")]
    public void Load_BrokenFolder_NamesFileAndRemedy(string file, string content, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write(file, content);
        var error = Assert.Throws<ModelContractException>(() => WordPieceTokenizer.Load(folder.Path));
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IdOf_UnknownToken_NamesIt() => Assert.Contains("[NOPE]", Assert.Throws<ModelContractException>(() => Tiny.IdOf("[NOPE]")).Message, StringComparison.Ordinal);

    private static IEnumerable<int> Framed(WordPieceTokenizer tokenizer, string text) => [tokenizer.StartId, .. tokenizer.Tokens(text), tokenizer.EndId];

    private static TemporaryFolder Copy(params string[] files)
    {
        var folder = new TemporaryFolder();
        foreach (var file in files)
        {
            folder.Write(file, VectorFiles.Bytes("wordpiece-tiny", file));
        }

        return folder;
    }
}
