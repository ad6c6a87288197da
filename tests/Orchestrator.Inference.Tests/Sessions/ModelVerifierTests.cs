using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Sessions;

public sealed class ModelVerifierTests
{
    private static readonly InferenceOptions Cpu = new() { IntraOpThreads = 1 };

    [Fact]
    public void Verify_Tiny_ComparesImagesTextsIdsAndPairs()
    {
        var report = ModelVerifier.Verify(ModelFolder.Open(VectorFiles.Path("clip-tiny")), Cpu);
        Assert.True(report.Passed);
        Assert.Equal(["cosine", "embedding", "ids"], report.Rows.Select(r => r.Measure).Distinct().Order());
        Assert.Equal(("clip-tiny", "clip", "cpu"), (report.Model, report.Kind, report.Provider));
    }

    [Fact]
    public void Verify_OtherWeights_FailsWithALargeDeviation()
    {
        using var folder = DualEncoderTests.Tiny();
        var path = Path.Combine(folder.Path, "golden.json");
        var lines = File.ReadAllText(path);
        var at = lines.IndexOf("\"image_embeds\": [", StringComparison.Ordinal) + "\"image_embeds\": [".Length;
        folder.Write("golden.json", lines[..at] + "\n   5.0," + lines[(lines.IndexOf(',', at) + 1)..]);
        var report = ModelVerifier.Verify(ModelFolder.Open(folder.Path), Cpu);
        Assert.False(report.Passed);
        Assert.True(report.LargestDeviation > 0.1);
    }

    [Theory]
    [InlineData("clip-tiny")]
    [InlineData("blip-itm-tiny")]
    public void Verify_NoGoldenVectors_IsANamedError(string model)
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path(model));
        File.Delete(Path.Combine(folder.Path, "golden.json"));
        var error = Assert.Throws<ModelContractException>(() => ModelVerifier.Verify(ModelFolder.Open(folder.Path), Cpu));
        Assert.Equal(("file", Path.Combine(folder.Path, "golden.json")), (error.Field, error.File));
    }

    [Theory]
    [InlineData("""{"images": [{"file": "../x.jpg"}]}""", "image 0")]
    [InlineData("""{"images": [{}]}""", "image 0")]
    [InlineData("""{"images": [{"base64": "AAAA", "embedding": [1]}]}""", "image 0")]
    [InlineData("""{"texts": [{"ids": [1]}]}""", "text 0")]
    [InlineData("""{"texts": [{"text": "a", "embedding": [1, 2]}]}""", "text 0")]
    [InlineData("""{"texts": [{"text": "a", "embedding": ["x"]}]}""", "text 0.embedding")]
    [InlineData("""{"pairs": [{"image": 0, "text": 0, "cosine": 1}]}""", "pairs")]
    [InlineData("""{"images": {}}""", "images")]
    public void Verify_BrokenGoldenFile_NamesTheCase(string json, string field)
    {
        using var folder = DualEncoderTests.Tiny();
        folder.Write("golden.json", json);
        Assert.Equal(field, Assert.Throws<ModelContractException>(() => ModelVerifier.Verify(ModelFolder.Open(folder.Path), Cpu)).Field);
    }

    [Fact]
    public void Normalize_ZeroOrInfiniteRow_BecomesNaN()
    {
        float[] rows = [3, 4, 0, 0, float.PositiveInfinity, 1, 1e-30f, 0];
        Embeddings.Normalize(rows, 2);
        Assert.Equal([0.6f, 0.8f], rows[..2]);
        Assert.All(rows[2..6], v => Assert.True(float.IsNaN(v)));
        Assert.Equal([1f, 0f], rows[6..]);

        var cosines = new float[2];
        Embeddings.RowCosines([1, 0, float.NaN, 0], [0.6f, 0.8f, 1, 0], 2, cosines);
        Assert.Equal(0.6f, cosines[0]);
        Assert.True(float.IsNaN(cosines[1]));
        Assert.Throws<ArgumentException>(() => Embeddings.RowCosines([1, 0], [1, 0], 2, cosines));
    }
}
