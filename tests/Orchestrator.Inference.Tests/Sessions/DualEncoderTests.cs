using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Sessions;

/// <summary>Against PyTorch and PIL: <c>Vectors/make_clip_tiny.py</c> made the graphs and the golden embeddings, from raw bytes and strings.</summary>
public sealed class DualEncoderTests
{
    private static readonly InferenceOptions Cpu = new() { IntraOpThreads = 1 };

    [Fact]
    public void Encode_SplitGraphs_MatchesPyTorch() => AssertGolden(VectorFiles.Path("clip-tiny"), Cpu, 1e-5);

    [Fact]
    public void Encode_HalfPrecisionGraphs_MatchesPyTorch() => AssertGolden(VectorFiles.Path("clip-tiny"), Cpu with { Precision = InferencePrecision.Fp16 }, 1e-2);

    [Fact]
    public void Encode_JointGraphWithMask_MatchesPyTorch()
    {
        using var folder = Tiny();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder.Path, "onnx")).Where(f => !f.EndsWith("/model.onnx", StringComparison.Ordinal)).ToArray())
        {
            File.Delete(file);
        }

        AssertGolden(folder.Path, Cpu, 1e-5);
    }

    [Fact]
    public void Encode_AnyBatchSize_GivesTheSameEmbeddings()
    {
        using var encoder = DualEncoder.Load(ModelFolder.Open(VectorFiles.Path("clip-tiny")), Cpu);
        var random = new Random(3);
        var pixels = new float[17 * encoder.Preprocess.TensorLength];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = random.NextSingle() - 0.5f;
        }

        var whole = new float[17 * encoder.Width];
        encoder.EncodeImages(pixels, 17, whole);
        foreach (var size in new[] { 1, 2, 5, 16 })
        {
            for (var from = 0; from < 17; from += size)
            {
                var n = Math.Min(size, 17 - from);
                var part = new float[n * encoder.Width];
                encoder.EncodeImages(pixels.AsMemory(from * encoder.Preprocess.TensorLength, n * encoder.Preprocess.TensorLength), n, part);
                for (var i = 0; i < part.Length; i++)
                {
                    Assert.Equal(whole[(from * encoder.Width) + i], part[i], 1e-5f);
                }
            }
        }
    }

    [Fact]
    public void Encode_Twice_GivesTheSameBytes_AndUnitRows()
    {
        string[] captions = ["a photo of a cat", "", "日本 🙂"];
        float[] first, second;
        using (var encoder = DualEncoder.Load(ModelFolder.Open(VectorFiles.Path("clip-tiny")), Cpu))
        {
            first = encoder.EncodeTexts(captions);
        }

        using (var encoder = DualEncoder.Load(ModelFolder.Open(VectorFiles.Path("clip-tiny")), Cpu))
        {
            second = encoder.EncodeTexts(captions);
            Assert.All(first.Chunk(encoder.Width), row => Assert.Equal(1.0, Math.Sqrt(row.Sum(v => (double)v * v)), 1e-6));
        }

        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Encode_FromManyThreads_GivesTheSameEmbeddings()
    {
        using var encoder = DualEncoder.Load(ModelFolder.Open(VectorFiles.Path("clip-tiny")), Cpu);
        var expected = encoder.EncodeTexts(["a dog on the beach"]);
        var all = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(() => encoder.EncodeTexts(["a dog on the beach"]))));
        Assert.All(all, embedding => Assert.Equal(expected, embedding));
    }

    [Fact]
    public void Encode_NotANumber_ComesBackAsNaNInItsRowAlone()
    {
        using var encoder = DualEncoder.Load(ModelFolder.Open(VectorFiles.Path("clip-tiny")), Cpu);
        var pixels = new float[2 * encoder.Preprocess.TensorLength];
        pixels[5] = float.NaN;
        var embeddings = new float[2 * encoder.Width];
        encoder.EncodeImages(pixels, 2, embeddings);
        Assert.All(embeddings[..encoder.Width], value => Assert.True(float.IsNaN(value)));
        Assert.All(embeddings[encoder.Width..], value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Encode_LengthsThatDoNotFit_Throw()
    {
        using var encoder = DualEncoder.Load(ModelFolder.Open(VectorFiles.Path("clip-tiny")), Cpu);
        Assert.Throws<ArgumentException>(() => encoder.EncodeImages(new float[10], 1, new float[encoder.Width]));
        Assert.Throws<ArgumentException>(() => encoder.EncodeImages(new float[encoder.Preprocess.TensorLength], 1, new float[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => encoder.EncodeImages(Array.Empty<float>(), 0, Array.Empty<float>()));
        Assert.Throws<ArgumentException>(() => encoder.EncodeTexts(new long[77], Array.Empty<int>(), 1, new float[encoder.Width]));
    }

    [Theory]
    [InlineData("preprocessor_config.json", """{"size": 64, "crop_size": 64}""", "pixel_values", "height 64")]
    [InlineData("tokenizer_config.json", """{"model_max_length": 16}""", "input_ids", "length 16")]
    [InlineData("config.json", """{"model_type": "clip", "text_config": {"vocab_size": 100}}""", "text_config.vocab_size", "more than 913")]
    [InlineData("orchestrator.json", """{"kind": "clip", "inputs": {"vision": "nope"}}""", "nope", "as orchestrator.json says")]
    [InlineData("orchestrator.json", """{"kind": "clip", "outputs": {"text": "nope"}}""", "nope", "as orchestrator.json says")]
    [InlineData("orchestrator.json", """{"kind": "clip", "files": {"vision": "onnx/text_model.onnx", "text": "onnx/vision_model.onnx"}}""", "vision", "rank 4")]
    [InlineData("orchestrator.json", """{"kind": "clip", "files": {"vision": "onnx/gone.onnx", "text": "onnx/text_model.onnx"}}""", "file", "an ONNX graph")]
    [InlineData("orchestrator.json", """{"kind": "clip", "files": {"vision": "config.json", "text": "onnx/text_model.onnx"}}""", "file", "a graph that one of [cpu] loads")]
    [InlineData("orchestrator.json", """{"kind": "clip", "files": {"vision": "onnx/model.onnx", "text": "onnx/text_model.onnx"}}""", "input_ids", "no inputs beyond")]
    [InlineData("orchestrator.json", """{"kind": "causal-lm"}""", "kind", "clip or siglip")]
    public void Load_FolderThatDoesNotFitTogether_NamesTheTensorAndWhatWasFound(string file, string json, string field, string expected)
    {
        using var folder = Tiny();
        folder.Write(file, json);
        var error = Assert.Throws<ModelContractException>(() => DualEncoder.Load(ModelFolder.Open(folder.Path), Cpu).Dispose());
        Assert.Equal(field, error.Field);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoGraphs_SaysWhichFilesAreLookedFor()
    {
        using var folder = Tiny();
        Directory.Delete(Path.Combine(folder.Path, "onnx"), recursive: true);
        Assert.Contains("vision_model.onnx", Assert.Throws<ModelContractException>(() => DualEncoder.Load(ModelFolder.Open(folder.Path), Cpu)).Message, StringComparison.Ordinal);
    }

    internal static TemporaryFolder Tiny()
    {
        var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path("clip-tiny"));
        return folder;
    }

    private static void AssertGolden(string path, InferenceOptions options, double tolerance)
    {
        var report = ModelVerifier.Verify(ModelFolder.Open(path), options);
        Assert.Contains(report.Rows, r => r.Measure == "embedding" && r.Case.StartsWith("image", StringComparison.Ordinal));
        Assert.Contains(report.Rows, r => r.Measure == "embedding" && r.Case.StartsWith("text", StringComparison.Ordinal));
        var wrong = report.Rows.Where(r => !(r.Deviation <= tolerance)).ToArray();
        Assert.True(wrong.Length == 0, string.Join('\n', wrong.Select(r => $"{r.Case} {r.Measure} {r.Deviation:E2} {r.Detail}")));
        // |a - b| of unit vectors: cosine = 1 - d^2/2, so 0.0141 is cosine 0.9999.
        Assert.True(report.LargestDeviation < 0.0141 && report.Passed);
        TestContext.Current.TestOutputHelper?.WriteLine($"{report.Model}: largest deviation {report.LargestDeviation:E2} over {report.Rows.Count} rows");
    }
}
