using System.Text.Json;
using FsCheck.Xunit;
using Orchestrator.Inference.Captioning;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Captioning;

/// <summary>Oracle: PyTorch without a cache, by transformers' rules written out (<c>Vectors/make_blip_tiny.py</c>).</summary>
public sealed class CaptionerTests : IDisposable
{
    private static readonly InferenceOptions Cpu = new() { IntraOpThreads = 1 };
    private static readonly JsonElement Expected = VectorFiles.Json("blip_captions.json");
    private static readonly float[] Pixels = (float[])NpyArray.Read(VectorFiles.Path("blip_pixels.npy")).Values;

    private readonly Captioner _captioner = Captioner.Load(ModelFolder.Open(VectorFiles.Path("blip-caption-tiny")), Cpu);

    public void Dispose() => _captioner.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Generate_Nucleus_EqualsPyTorch(int set)
    {
        var settings = Expected.GetProperty("nucleus")[set];
        var options = Options(settings) with { TopK = settings.GetProperty("topK").GetInt32(), TopP = settings.GetProperty("topP").GetDouble() };
        AssertCaptions(settings, _captioner.Generate(States(), Seeds(8), options));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Generate_Beam_EqualsPyTorch(int set)
    {
        var settings = Expected.GetProperty("beam")[set];
        AssertCaptions(settings, _captioner.Generate(States(), [], Options(settings) with { Search = CaptionSearch.Beam, Beams = settings.GetProperty("beams").GetInt32() }));
    }

    /// <summary>With as many beams as tokens nothing is cut off in two steps: the best of all sequences must be found.</summary>
    [Fact]
    public void Generate_BeamsForEveryToken_FindsTheBestOfAllSequences()
    {
        var best = Expected.GetProperty("enumerated").Deserialize<int[][]>()!;
        var captions = _captioner.Generate(States().Select([0, 1, 2]), [], new CaptionOptions { Search = CaptionSearch.Beam, Beams = 44, MinLength = 0, MaxLength = 6 });
        Assert.Equal(best.Select(ids => ids.Skip(4).Where(id => id != 3)), captions.Select(c => c.Ids));
    }

    /// <summary>A caption is a matter of image and seed: batch size, place in the batch and neighbours change nothing.</summary>
    [Theory]
    [InlineData(CaptionSearch.Nucleus)]
    [InlineData(CaptionSearch.Beam)]
    public void Generate_AnyBatch_GivesTheSameCaptions(CaptionSearch search)
    {
        var options = new CaptionOptions { Search = search, TopP = 1, TopK = 0, MinLength = 0, MaxLength = 30 };
        var (states, seeds) = (States(), Seeds(8));
        var whole = _captioner.Generate(states, seeds, options);
        Assert.True(whole.Select(c => c.Ids.Count).Distinct().Count() > 2);
        foreach (var size in new[] { 1, 2, 3, 5 })
        {
            for (var from = 0; from < 8; from += size)
            {
                int[] rows = [.. Enumerable.Range(from, Math.Min(size, 8 - from))];
                var part = _captioner.Generate(states.Select(rows), [.. rows.Select(r => seeds[r])], options);
                Assert.Equal(rows.Select(r => whole[r].Text), part.Select(c => c.Text));
            }
        }

        int[] shuffled = [5, 0, 7, 7, 2, 6, 1, 3];
        Assert.Equal(shuffled.Select(r => whole[r].Text), _captioner.Generate(states.Select(shuffled), [.. shuffled.Select(r => seeds[r])], options).Select(c => c.Text));
    }

    [Fact]
    public async Task Generate_FromManyThreads_GivesTheSameCaptions()
    {
        var states = States();
        var expected = _captioner.Generate(states, Seeds(8), new CaptionOptions()).Select(c => c.Text);
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => _captioner.Generate(states, Seeds(8), new CaptionOptions()))));
        Assert.All(all, captions => Assert.Equal(expected, captions.Select(c => c.Text)));
    }

    [Fact]
    public void Generate_OtherSeeds_GiveOtherCaptions_EqualSeedsEqualOnes()
    {
        var image = States().Select(new int[32]);
        ulong[] seeds = [.. Enumerable.Range(0, 32).Select(i => (ulong)(i / 2))];
        var captions = _captioner.Generate(image, seeds, new CaptionOptions { TopP = 1, TopK = 0 });
        Assert.True(captions.Select(c => c.Text).Distinct().Count() > 8);
        Assert.All(Enumerable.Range(0, 16), i => Assert.Equal(captions[2 * i].Text, captions[(2 * i) + 1].Text));
    }

    [Property(MaxTest = 40)]
    public void Generate_AnySettings_KeepsTheLengths(byte least, byte room, ulong seed)
    {
        var options = new CaptionOptions { MinLength = least % 30, MaxLength = Math.Max(least % 30, 5) + (room % 10), TopP = 1, TopK = 0 };
        var captions = _captioner.Generate(States().Select([0, 1]), [seed, seed + 1], options);
        Assert.All(captions, c =>
        {
            var length = _captioner.PromptLength + c.Ids.Count;
            Assert.InRange(length, Math.Min(options.MinLength, options.MaxLength), options.MaxLength);
            Assert.Equal(c.Ended, length < options.MaxLength || c.Ended);
            Assert.DoesNotContain(3, c.Ids);
        });
    }

    [Fact]
    public void Generate_HalfPrecision_RunsAndKeepsTheGoldenVectors()
    {
        foreach (var (precision, limit) in new[] { (InferencePrecision.Fp32, 1e-4), (InferencePrecision.Fp16, 1e-2) })
        {
            var report = ModelVerifier.Verify(ModelFolder.Open(VectorFiles.Path("blip-caption-tiny")), Cpu with { Precision = precision });
            Assert.True(report.Passed, string.Join('\n', report.Rows));
            Assert.Equal(limit, report.Tolerance);
            Assert.Equal(["decoder", "tokenizer", "vision"], report.Rows.Select(r => r.Run switch { "prefill" or "step" => "decoder", var run => run }).Distinct().Order());
        }

        using var half = Captioner.Load(ModelFolder.Open(VectorFiles.Path("blip-caption-tiny")), Cpu with { Precision = InferencePrecision.Fp16 });
        Assert.Equal(8, half.Generate(half.EncodeImages(Pixels, 8), Seeds(8), new CaptionOptions()).Count);
    }

    [Fact]
    public void Generate_BadArguments_AreNamed()
    {
        var states = States();
        Assert.Contains("seeds", Assert.Throws<ArgumentException>(() => _captioner.Generate(states, [1], new CaptionOptions())).Message, StringComparison.Ordinal);
        Assert.Contains("prompt", Assert.Throws<ArgumentException>(() => _captioner.Generate(states, Seeds(8), new CaptionOptions { MinLength = 0, MaxLength = 4 })).Message, StringComparison.Ordinal);
        Assert.Contains("48 places", Assert.Throws<ArgumentException>(() => _captioner.Generate(states, Seeds(8), new CaptionOptions { MaxLength = 49 })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _captioner.EncodeImages(Pixels, 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => states.Select([8]));
        var mistakes = new CaptionOptions { TopP = 0, TopK = -1, RepetitionPenalty = 0, MinLength = 9, MaxLength = 8, Beams = 0 }.Validate();
        Assert.Equal(["TopP", "TopK", "RepetitionPenalty", "MaxLength", "Beams"], mistakes.Select(m => m[..m.IndexOf(':', StringComparison.Ordinal)]));
    }

    [Theory]
    [InlineData("""{"kind": "blip-itm"}""", "kind", "blip-caption")]
    [InlineData("""{"kind": "blip-caption", "bos_token": "[NOPE]"}""", "vocab", "[NOPE]")]
    [InlineData("""{"kind": "blip-caption", "num_layers": 3}""", "cache", "past_key_values.2.key")]
    [InlineData("""{"kind": "blip-caption", "num_layers": 1}""", "past_key_values.1.key", "no inputs beyond")]
    [InlineData("""{"kind": "blip-caption", "files": {"decoder": "onnx/vision_model.onnx"}}""", "decoder", "input_ids")]
    [InlineData("""{"kind": "blip-caption", "files": {"vision": "onnx/gone.onnx"}}""", "file", "gone.onnx")]
    public void Load_FolderThatDoesNotFit_NamesFileAndField(string manifest, string field, string part)
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path("blip-caption-tiny"));
        folder.Write("orchestrator.json", manifest);
        var error = Assert.Throws<ModelContractException>(() => Captioner.Load(ModelFolder.Open(folder.Path), Cpu));
        Assert.Equal(field, error.Field);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
    }

    internal static ulong[] Seeds(int count) => [.. Enumerable.Range(0, count).Select(i => (ulong)((1000 * i) + 17))];

    private ImageStates States() => _captioner.EncodeImages(Pixels, 8);

    private static CaptionOptions Options(JsonElement settings) => new()
    {
        RepetitionPenalty = settings.GetProperty("penalty").GetDouble(),
        MinLength = settings.GetProperty("least").GetInt32(),
        MaxLength = settings.GetProperty("most").GetInt32(),
    };

    private static void AssertCaptions(JsonElement settings, IReadOnlyList<Caption> actual)
    {
        var expected = settings.GetProperty("captions").Deserialize<int[][]>()!;
        Assert.Equal(expected.Select(ids => string.Join(' ', ids.Skip(4).Where(id => id != 3))), actual.Select(c => string.Join(' ', c.Ids)));
        Assert.Equal(expected.Select(ids => ids[^1] == 3), actual.Select(c => c.Ended));
        Assert.All(actual, c => Assert.DoesNotContain("picture of", c.Text, StringComparison.Ordinal));
    }
}
