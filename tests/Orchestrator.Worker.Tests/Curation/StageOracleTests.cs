using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Orchestrator.Data.Scores;
using Orchestrator.Inference.Captioning;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>
/// What the stages leave in score parts against other programs: PyTorch's embeddings and logits (the models' golden vectors) and
/// transformers.js from file and caption to score (<c>Orchestrator.Inference.Tests/Vectors/make_transformers_js.mjs</c>).
/// </summary>
public sealed class StageOracleTests
{
    private const string Scores = """
        { "type": "clip-score", "model": "clip-demo" }, { "type": "dfn-score", "model": "dfn-demo" }, { "type": "siglip-score", "model": "siglip-demo", "batchSize": 5 }
        """;

    private static readonly string Models = RepositoryFolder.PathOf("samples", "models");
    private static readonly string Vectors = RepositoryFolder.PathOf("tests", "Orchestrator.Inference.Tests", "Vectors");

    [Fact]
    public async Task Scores_OfFixedPictures_EqualTransformersJs()
    {
        using var vectors = Json(Path.Combine(Vectors, "transformers_js.json"));
        var captions = vectors.RootElement.GetProperty("captions").Deserialize<string[]>()!;
        var models = vectors.RootElement.GetProperty("models").EnumerateArray().ToDictionary(m => m.GetProperty("model").GetString()!, m => m.GetProperty("pairs").EnumerateArray().ToArray());
        var pairs = models["clip-demo"].Select(p => (Image: p.GetProperty("image").GetString()!, Caption: p.GetProperty("caption").GetInt32())).ToArray();
        Assert.Equal(28, pairs.Length);
        using var harness = new CurationHarness(Load());
        var rows = await ScoreAsync(harness, Scores, [.. pairs.SelectMany((p, i) => Members(i, "png", File.ReadAllBytes(Path.Combine(Vectors, "crosscheck", p.Image)), captions[p.Caption]))]);

        string[] columns = ["clip", "dfn", "siglip", "siglip.logit", "siglip.probability"];
        for (var i = 0; i < pairs.Length; i++)
        {
            var siglip = models["siglip-demo"][i];
            double[] expected =
            [
                models["clip-demo"][i].GetProperty("cosine").GetDouble(), models["dfn-demo"][i].GetProperty("cosine").GetDouble(),
                siglip.GetProperty("cosine").GetDouble(), siglip.GetProperty("logit").GetDouble(), siglip.GetProperty("probability").GetDouble(),
            ];
            for (var column = 0; column < columns.Length; column++)
            {
                // A logit is the cosine times a scale of 12.
                Assert.Equal(expected[column], rows[i].Signals[column]!.Value, columns[column] == "siglip.logit" ? 1.3e-2 : 1e-3);
            }
        }
    }

    [Theory]
    [InlineData("clip-score", "clip-demo")]
    [InlineData("dfn-score", "dfn-demo")]
    [InlineData("siglip-score", "siglip-demo")]
    public async Task Scores_OfTheGoldenPictures_EqualPyTorch(string stage, string model)
    {
        var folder = Path.Combine(Models, model);
        using var golden = Json(Path.Combine(folder, "golden.json"));
        var images = golden.RootElement.GetProperty("images").EnumerateArray().ToArray();
        var texts = golden.RootElement.GetProperty("texts").EnumerateArray().ToArray();
        var pairs = images.SelectMany(i => texts.Select(t => (Image: i, Text: t))).ToArray();
        using var harness = new CurationHarness(Load());
        var rows = await ScoreAsync(harness, $$"""{ "type": "{{stage}}", "model": "{{model}}", "as": "s" }""", [.. pairs.SelectMany((p, i) =>
        {
            var file = p.Image.GetProperty("file").GetString()!;
            return Members(i, Path.GetExtension(file)[1..], File.ReadAllBytes(Path.Combine(folder, file)), p.Text.GetProperty("text").GetString()!);
        })]);
        Assert.All(rows.Zip(pairs), r => Assert.Equal(Cosine(r.Second.Image.GetProperty("image_embeds"), r.Second.Text.GetProperty("text_embeds")), r.First.Signals[0]!.Value, 1e-4));
    }

    [Theory]
    [InlineData(MatchToken.Encoder, "enc")]
    [InlineData(MatchToken.Class, "cls")]
    public void Filter_OfTheGoldenPixels_EqualsPyTorch(MatchToken token, string run)
    {
        var folder = Path.Combine(Models, "blip-itm-demo", "golden");
        var logits = Npy<float>(Path.Combine(folder, $"{run}.itm_logits.npy"));
        using var models = Load();
        var scores = models.GetMatcher("blip-itm-demo").Match(
            Npy<float>(Path.Combine(folder, "vision.pixel_values.npy")), 2, token, Texts(run));
        Assert.Equal(4, logits.Length);
        Assert.All(Enumerable.Range(0, 2), i => Assert.Equal(1 / (1 + Math.Exp(logits[2 * i] - logits[(2 * i) + 1])), scores[0][i], 1e-4));
    }

    /// <summary>The caption of a sample is the captioner's for its picture alone and its seed; the scores are the filter's for that pair alone.</summary>
    [Theory]
    [InlineData(1, "\"search\": \"nucleus\"")]
    [InlineData(7, "\"search\": \"nucleus\"")]
    [InlineData(7, "\"search\": \"beam\", \"token\": \"cls\"")]
    public async Task CapFilt_AnyPlaceInAnyBatch_EqualsOnePictureAtATime(int batch, string settings)
    {
        string[] pictures = [.. Directory.GetFiles(Path.Combine(Models, "clip-demo", "golden"), "*.jpg").Order(StringComparer.Ordinal)];
        string[] captions = ["A large red circle.", "add to cart", "a small green dotted heart inside a large yellow ring"];
        var pairs = pictures.SelectMany(p => captions.Select(c => (Picture: File.ReadAllBytes(p), Caption: c))).ToArray();
        using var models = Load();
        using var harness = new CurationHarness(models);
        var rows = await ScoreAsync(
            harness,
            $$"""{ "type": "capfilt", "captioner": "blip-caption-demo", "filter": "blip-itm-demo", "threshold": 0, "maxLength": 44, "batchSize": {{batch}}, {{settings}} }""",
            [.. pairs.SelectMany((p, i) => Members(i, "jpg", p.Picture, p.Caption))]);

        using var captioner = Captioner.Load(ModelFolder.Open(Path.Combine(Models, "blip-caption-demo")), new InferenceOptions { IntraOpThreads = 1 });
        using var matcher = ImageTextMatcher.Load(ModelFolder.Open(Path.Combine(Models, "blip-itm-demo")), new InferenceOptions { IntraOpThreads = 1 });
        var (beam, token) = settings.Contains("beam", StringComparison.Ordinal) ? (CaptionSearch.Beam, MatchToken.Class) : (CaptionSearch.Nucleus, MatchToken.Encoder);
        var preprocess = new ImagePreprocessor(captioner.Preprocess);
        for (var i = 0; i < pairs.Length; i++)
        {
            var pixels = new float[captioner.Preprocess.TensorLength];
            preprocess.Write(new ImageDecoder().Decode(pairs[i].Picture).Image!, pixels);
            Assert.True(Data.Formats.SampleUid.TryParse(rows[i].Uid, out var uid));
            var seed = Domain.Curation.Stages.CapFiltRule.SeedOf(11, uid.High, uid.Low);
            var caption = captioner.Generate(captioner.EncodeImages(pixels, 1), [seed], captioner.Defaults with { Search = beam, MaxLength = 44 })[0].Text;
            var states = matcher.EncodeImages(pixels, 1);
            Assert.Equal(caption, rows[i].Tags[0]);
            Assert.Equal(matcher.Match(states, [BlipCaption.Clean(pairs[i].Caption)], token)[0], rows[i].Signals[1]!.Value, 1e-4f);
            Assert.Equal(matcher.Match(states, [BlipCaption.Clean(caption)], token)[0], rows[i].Signals[2]!.Value, 1e-4f);
            Assert.Equal(Math.Max(rows[i].Signals[1]!.Value, rows[i].Signals[2]!.Value), rows[i].Signals[0]);
        }

        Assert.True(beam == CaptionSearch.Beam || rows.Select(r => r.Tags[0]).Distinct().Count() > pictures.Length, "equal pictures got equal captions although their seeds differ");
    }

    [Fact]
    public void Caption_APictureThatIsNoNumbers_LeavesTheOthersTheirCaptions()
    {
        using var models = Load();
        var (captioner, filter) = (models.GetCaptioner("blip-caption-demo"), models.GetMatcher("blip-itm-demo"));
        var pixels = Enumerable.Range(0, 3).SelectMany(i => Enumerable.Repeat(0.3f * i, captioner.Contract.TensorLength)).ToArray();
        var expected = captioner.Caption(pixels, 3, [1, 2, 3], captioner.Defaults);
        pixels.AsSpan(captioner.Contract.TensorLength, captioner.Contract.TensorLength).Fill(float.NaN);

        Assert.All(expected, Assert.NotNull);
        Assert.Equal([expected[0], null, expected[2]], captioner.Caption(pixels, 3, [1, 2, 3], captioner.Defaults));
        Assert.Equal([false, true, false], filter.Match(pixels, 3, MatchToken.Encoder, ["a", "b", "c"])[0].Select(float.IsNaN));
    }

    [Fact]
    public void Bind_ModelsOfOnePreprocessing_ShareATensor()
    {
        using var models = Load();
        using var plan = ScoringPlan.Bind(
            Domain.Curation.CurationParser.ParseCanonical($$"""
                { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] }, "output": { "path": "x" },
                  "stages": [ {{Scores}}, { "type": "capfilt", "captioner": "blip-caption-demo", "filter": "blip-itm-demo" } ] }
                """),
            models,
            new StageSources(_ => throw new InvalidOperationException(), _ => throw new InvalidOperationException(), _ => throw new InvalidOperationException(), (_, _, _) => throw new InvalidOperationException()));
        var pairs = plan.Models.OfType<PairStage>().ToArray();
        var capFilt = Assert.Single(plan.Models.OfType<CapFiltStage>());
        Assert.Equal(3, plan.Tensors.Count);
        Assert.Equal([0, 0, 1], pairs.Select(p => p.Tensor));
        Assert.Equal((2, 2), (capFilt.CaptionerTensor, capFilt.FilterTensor));
        Assert.Equal([null, null, pairs[2].Encoder.GetLogits()], pairs.Select(p => p.Logits));
    }

    // The golden run has ids, the filter takes texts: the words of the vocabulary between the first token and the end.
    private static IReadOnlyList<string> Texts(string run)
    {
        var vocabulary = File.ReadAllLines(Path.Combine(Models, "blip-itm-demo", "vocab.txt"));
        var ids = Npy<long>(Path.Combine(Models, "blip-itm-demo", "golden", $"{run}.input_ids.npy"));
        var end = (long)Array.IndexOf(vocabulary, "[SEP]");
        return [.. ids.Chunk(ids.Length / 2).Select(row => string.Join(' ', row[1..Array.IndexOf(row, end)].Select(id => vocabulary[id])).Replace(" ##", "", StringComparison.Ordinal))];
    }

    private static ScoringModels Load() => new(new ModelCatalog([Models]), new InferenceOptions { IntraOpThreads = 1 });

    private static async Task<List<ScoreRow>> ScoreAsync(CurationHarness harness, string stages, (string, byte[])[] members)
    {
        Tars.Write(Path.Combine(harness.Root, "a.tar"), members);
        var end = await harness.RunAsync($$"""{ "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] }, "stages": [ {{stages}} ], "output": { "path": "x" }, "seed": 11 }""", "a.tar");
        Assert.True(end.State == Domain.Jobs.JobState.Succeeded, string.Join(';', harness.Failures.Values.Select(f => f.Message)));
        using var part = ScorePartReader.OpenOrThrow(Path.Combine(harness.Output, "scores", "part-00000.parquet"));
        return [.. part.ReadRows()];
    }

    private static (string, byte[])[] Members(int i, string extension, byte[] picture, string caption) => [($"{i:D4}.{extension}", picture), ($"{i:D4}.txt", Encoding.UTF8.GetBytes(caption))];

    private static double Cosine(JsonElement first, JsonElement second)
    {
        var (a, b) = (first.Deserialize<double[]>()!, second.Deserialize<double[]>()!);
        return a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt(a.Sum(x => x * x) * b.Sum(x => x * x));
    }

    // Version 1 of numpy's format: magic, version, a 16-bit length, the header, then the values as they lie in memory.
    private static T[] Npy<T>(string path)
        where T : struct
    {
        var bytes = File.ReadAllBytes(path);
        return MemoryMarshal.Cast<byte, T>(bytes.AsSpan(10 + BitConverter.ToUInt16(bytes, 8))).ToArray();
    }

    private static JsonDocument Json(string path) => JsonDocument.Parse(File.ReadAllText(path));
}
