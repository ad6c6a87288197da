using System.Text.Json;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Sessions;

/// <summary>
/// Oracle: transformers.js on the same folders, from picture file and caption to score (<c>Vectors/make_transformers_js.mjs</c>). The
/// pictures have the models' size already, since transformers.js shrinks without antialiasing.
/// </summary>
public sealed class TransformersJsTests
{
    private static readonly JsonElement Vectors = VectorFiles.Json("transformers_js.json");

    public static TheoryData<string> Models => [.. Vectors.GetProperty("models").EnumerateArray().Select(m => m.GetProperty("model").GetString()!)];

    [Theory]
    [MemberData(nameof(Models))]
    public void Scores_EndToEnd_EqualTransformersJs(string model)
    {
        var path = Directory.Exists(VectorFiles.Path(model)) ? VectorFiles.Path(model) : SampleModels.Path(model);
        using var encoder = DualEncoder.Load(ModelFolder.Open(path), new InferenceOptions { IntraOpThreads = 1 });
        var pairs = Vectors.GetProperty("models").EnumerateArray().Single(m => m.GetProperty("model").GetString() == model).GetProperty("pairs").EnumerateArray().ToArray();
        Assert.True(pairs.Length >= 28);
        var captions = Vectors.GetProperty("captions").Deserialize<string[]>()!;
        var cosines = new float[1];
        var largest = 0.0;
        foreach (var pair in pairs)
        {
            var image = Encode(encoder, pair.GetProperty("image").GetString()!);
            var text = encoder.EncodeTexts([captions[pair.GetProperty("caption").GetInt32()]]);
            Embeddings.RowCosines(image, text, encoder.Width, cosines);
            largest = Math.Max(largest, Math.Abs(pair.GetProperty("cosine").GetDouble() - cosines[0]));
            Assert.Equal(pair.GetProperty("cosine").GetDouble(), cosines[0], 1e-3);
            if (encoder.Folder.Kind == "siglip")
            {
                var logits = encoder.PairLogits();
                Assert.Equal(pair.GetProperty("logit").GetDouble(), logits.Logit(cosines[0]), logits.Scale * 1e-3);
                Assert.Equal(pair.GetProperty("probability").GetDouble(), logits.Probability(cosines[0]), 1e-3);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{model}: largest difference {largest:E2} over {pairs.Length} pairs");
    }

    private static float[] Encode(DualEncoder encoder, string picture)
    {
        var decoded = new ImageDecoder().Decode(VectorFiles.Bytes("crosscheck", picture));
        Assert.True(decoded.Ok);
        return encoder.EncodeImages([decoded.Image]);
    }
}
