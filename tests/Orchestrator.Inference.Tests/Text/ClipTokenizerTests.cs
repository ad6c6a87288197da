using FsCheck;
using FsCheck.Xunit;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Tests.Text;

/// <summary>
/// Oracle: Hugging Face's own Rust tokenizers on 640 strings (<c>Vectors/make_tokenizer.py</c>, <c>Vectors/make_token_ids.mjs</c>).
/// </summary>
public sealed class ClipTokenizerTests
{
    private static readonly ClipTokenizer Tiny = ClipTokenizer.Load(VectorFiles.Path("clip-tiny"));

    [Fact]
    public void Encode_TinyVocabulary_EqualsHuggingFace() =>
        AssertSameIds(Tiny, VectorFiles.Path("clip-tiny-ids.json"));

    [Fact]
    public void Encode_VocabAndMergesFiles_EqualsHuggingFace() =>
        AssertSameIds(ClipTokenizer.Load(VectorFiles.Path("clip-tiny-files")), VectorFiles.Path("clip-tiny-ids.json"));

    /// <summary>The 49,408-entry vocabulary is not in the repository; point CLIP_TOKENIZER at a folder with its tokenizer.json and ids.json.</summary>
    [Fact]
    public void Encode_OpenAiVocabulary_EqualsHuggingFace()
    {
        if (Environment.GetEnvironmentVariable("CLIP_TOKENIZER") is not { Length: > 0 } folder)
        {
            Assert.Skip("CLIP_TOKENIZER is not set: download tokenizer.json of openai/clip-vit-base-patch32 into a folder and run node Vectors/make_token_ids.mjs FOLDER/tokenizer.json Vectors/strings.json FOLDER/ids.json");
            return;
        }

        var tokenizer = ClipTokenizer.Load(folder);
        Assert.Equal(49_408, tokenizer.VocabularySize);
        AssertSameIds(tokenizer, Path.Combine(folder, "ids.json"));
    }

    /// <summary>Oracle: Python's html, str.lower and regex, and textbook byte-pair encoding (<c>Vectors/make_openai_ids.py</c>).</summary>
    [Fact]
    public void Encode_OpenAiCleaning_EqualsPython() =>
        AssertSameIds(ClipTokenizer.Load(VectorFiles.Path("clip-tiny"), ClipTextCleaning.OpenAi), VectorFiles.Path("clip-tiny-openai-ids.json"));

    [Fact]
    public void Normalize_DecomposedAndMarkedText_EqualsPython() => AssertPairs("nfc.json", 600, UnicodeNfc.Normalize);

    [Fact]
    public void Unescape_Entities_EqualsPython() => AssertPairs("entities.json", 40, HtmlEntities.Unescape);

    [Fact]
    public void Encode_LongText_KeepsEndLastAndPadsWithThePadToken()
    {
        var ids = new long[77];
        Assert.Equal(77, Tiny.Encode(string.Concat(Enumerable.Repeat("dog ", 500)), ids));
        Assert.Equal(Tiny.StartId, ids[0]);
        Assert.Equal(Tiny.EndId, ids[76]);
        Assert.DoesNotContain(Tiny.EndId, ids[..76]);

        Assert.Equal(3, Tiny.Encode("a", ids));
        Assert.All(ids[3..], id => Assert.Equal(Tiny.PadId, id));
    }

    [Theory]
    [InlineData('a')]
    [InlineData(' ')]
    [InlineData('é')]
    [InlineData('<')]
    [InlineData('\u0301')]
    public void Encode_OneMegabyteOfOneCharacter_FillsOneRow(char character)
    {
        var ids = new long[77];
        var length = Tiny.Encode(new string(character, 1 << 20), ids);
        Assert.InRange(length, 2, 77);
        Assert.Equal(Tiny.EndId, ids[length - 1]);
    }

    [Fact]
    public void Encode_WordBeyondTheCut_HasTheIdsOfTheUncutStart()
    {
        // The cut at 16,384 bytes must not reach the row: a longer word gives the ids of one just as long as the cut.
        var (cut, longer) = (new long[77], new long[77]);
        Tiny.Encode(string.Concat(Enumerable.Repeat("photo", 16_384 / 5)), cut);
        Tiny.Encode(string.Concat(Enumerable.Repeat("photo", 100_000)), longer);
        Assert.Equal(cut, longer);
    }

    [Property(MaxTest = 500)]
    public void Encode_AnyString_IsOneRowOfKnownIdsAndRepeatable(string? text)
    {
        var (ids, again) = (new long[77], new long[77]);
        var length = Tiny.Encode(text ?? "", ids);
        Tiny.Encode(text ?? "", again);
        Assert.InRange(length, 2, 77);
        Assert.Equal(Tiny.EndId, ids[length - 1]);
        Assert.All(ids, id => Assert.InRange(id, 0, Tiny.VocabularySize - 1));
        Assert.Equal(ids, again);
    }

    [Fact]
    public void Encode_WrongSpan_Throws() => Assert.Throws<ArgumentException>(() => Tiny.Encode("a", new long[76]));

    [Fact]
    public void Encode_PadTokenOfOpenClip_PadsWithItsId()
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path("clip-tiny"));
        folder.Write("tokenizer_config.json", """{"model_max_length": 16, "pad_token": {"content": "!"}}""");
        var tokenizer = ClipTokenizer.Load(folder.Path);
        var ids = new long[16];
        tokenizer.Encode("a", ids);
        Assert.Equal(0, tokenizer.PadId);
        Assert.Equal(0, ids[15]);
    }

    [Theory]
    [InlineData("tokenizer.json", """{"model": {"type": "WordPiece", "vocab": {}}}""", "another family")]
    [InlineData("tokenizer.json", """{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}, "merges": []}}""", "<|startoftext|>")]
    [InlineData("tokenizer.json", """{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"a": "x"}, "merges": []}}""", "whole number")]
    [InlineData("tokenizer.json", """{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"<|startoftext|>": 0, "<|endoftext|>": 1}, "merges": ["a b"]}}""", "merge 0")]
    [InlineData("tokenizer.json", """{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}, "merges": ["a b c"]}}""", "merges")]
    [InlineData("tokenizer.json", """{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}}}""", "merges")]
    [InlineData("tokenizer.json", "{", "valid JSON")]
    [InlineData("tokenizer.json", "[]", "JSON object")]
    [InlineData("vocab.json", "{}", "merges.txt")]
    [InlineData("merges.txt", "a b", "tokenizer.json, or vocab.json")]
    public void Load_BrokenFolder_NamesFileAndRemedy(string file, string content, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write(file, content);
        var error = Assert.Throws<ModelContractException>(() => ClipTokenizer.Load(folder.Path));
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_BadContextLength_NamesTheField()
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path("clip-tiny"));
        folder.Write("tokenizer_config.json", """{"model_max_length": 2}""");
        Assert.Contains("model_max_length", Assert.Throws<ModelContractException>(() => ClipTokenizer.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    private static void AssertPairs(string file, int atLeast, Func<string, string> function)
    {
        var pairs = VectorFiles.Json(file).EnumerateArray().Select(p => (From: p[0].GetString()!, To: p[1].GetString()!)).ToArray();
        Assert.True(pairs.Length >= atLeast);
        Assert.All(pairs, pair => Assert.Equal(pair.To, function(pair.From)));
    }

    private static void AssertSameIds(ClipTokenizer tokenizer, string expectedFile)
    {
        var strings = VectorFiles.Json("strings.json").EnumerateArray().Select(s => s.GetString()!).ToArray();
        var expected = System.Text.Json.JsonSerializer.Deserialize<long[][]>(File.ReadAllBytes(expectedFile))!;
        Assert.True(strings.Length >= 500 && strings.Length == expected.Length);
        var ids = new long[77];
        var wrong = new List<string>();
        for (var i = 0; i < strings.Length; i++)
        {
            var length = tokenizer.Encode(strings[i], ids);
            if (!ids.AsSpan(0, length).SequenceEqual(expected[i]))
            {
                wrong.Add($"{i} {System.Text.Json.JsonSerializer.Serialize(strings[i])}: {string.Join(' ', ids.Take(length))} against {string.Join(' ', expected[i])}");
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {strings.Length} differ:\n{string.Join('\n', wrong.Take(12))}");
    }
}
