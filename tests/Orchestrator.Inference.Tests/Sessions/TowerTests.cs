using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Sessions;

public sealed class TowerTests
{
    private static readonly InferenceOptions Cpu = new() { IntraOpThreads = 1 };
    private static readonly string[] Captions = ["a photo of a cat", "", "red circle"];

    /// <summary>Each half alone gives the bytes the whole gives, and needs only its own files.</summary>
    [Theory]
    [InlineData("clip-tiny", false)]
    [InlineData("clip-tiny", true)]
    [InlineData("siglip-tiny", false)]
    public void Load_OneHalf_GivesTheBytesOfTheWhole(string model, bool joint)
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path(model));
        if (joint)
        {
            File.Delete(Path.Combine(folder.Path, "onnx", "text_model.onnx"));
        }

        var opened = ModelFolder.Open(folder.Path);
        var image = new ImageDecoder().Decode(VectorFiles.Bytes("crosscheck", "32-0.png")).Image!;
        float[] images, texts;
        using (var whole = DualEncoder.Load(opened, Cpu))
        {
            (images, texts) = (whole.EncodeImages([image]), whole.EncodeTexts(Captions));
            Assert.Equal((whole.Width, whole.Width), (whole.Images.Width, whole.Texts.Width));
        }

        if (!joint)
        {
            folder.Write("onnx/text_model.onnx", "damaged");
        }

        using (var tower = ImageTower.Load(opened, Cpu))
        {
            Assert.Equal(images, tower.Encode([image]));
        }

        folder.CopyFrom(VectorFiles.Path(model));
        if (joint)
        {
            File.Delete(Path.Combine(folder.Path, "onnx", "text_model.onnx"));
        }
        else
        {
            folder.Write("onnx/vision_model.onnx", "damaged");
        }

        using (var tower = TextTower.Load(opened, Cpu))
        {
            Assert.Equal(texts, tower.Encode(Captions));
        }
    }

    /// <summary>What an embedding cache goes by: the image half alone, whatever the rest of the folder is.</summary>
    [Theory]
    [InlineData("onnx/text_model.onnx", true)]
    [InlineData("orchestrator.json", true)]
    [InlineData("notes.md", true)]
    [InlineData("onnx/vision_model.onnx", false)]
    [InlineData("onnx/weights.bin", false)]
    [InlineData("preprocessor_config.json", false)]
    public void DigestOf_AChangedFile_ChangesWithTheImageHalfOnly(string changed, bool same)
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path("clip-tiny"));
        var before = Digest(folder.Path);
        Assert.Equal(64, before.Length);
        var path = Path.Combine(folder.Path, changed);
        var content = File.Exists(path) ? File.ReadAllBytes(path) : [];
        folder.Write(changed, changed switch
        {
            "onnx/vision_model.onnx" => File.ReadAllBytes(Path.Combine(SampleModels.Path("clip-demo"), changed)),
            "orchestrator.json" => [.. "{ \"kind\": \"clip\", \"licence\": \"other\" }"u8],
            "preprocessor_config.json" => File.ReadAllBytes(Path.Combine(SampleModels.Path("clip-demo"), changed)),
            _ => [.. content, 0],
        });
        if (changed is "onnx/vision_model.onnx" or "preprocessor_config.json")
        {
            // The two belong together: a graph of another model with its own preprocessing.
            foreach (var name in (string[])["onnx/vision_model.onnx", "preprocessor_config.json"])
            {
                folder.Write(name, File.ReadAllBytes(Path.Combine(SampleModels.Path("clip-demo"), name)));
            }
        }

        Assert.Equal(same, Digest(folder.Path) == before);
    }

    private static string Digest(string path)
    {
        var folder = ModelFolder.Open(path);
        using var tower = ImageTower.Load(folder, Cpu);
        return tower.DigestOf(folder);
    }

    [Fact]
    public void Load_OtherKind_NamesIt()
    {
        var folder = ModelFolder.Open(VectorFiles.Path("blip-itm-tiny"));
        Assert.Equal("kind", Assert.Throws<ModelContractException>(() => ImageTower.Load(folder, Cpu)).Field);
        Assert.Equal("kind", Assert.Throws<ModelContractException>(() => TextTower.Load(folder, Cpu)).Field);
    }

    /// <summary>PyTorch, PIL and the sentencepiece library made the golden vectors (<c>Vectors/make_siglip_tiny.py</c>).</summary>
    [Theory]
    [InlineData(InferencePrecision.Fp32, 1e-5)]
    [InlineData(InferencePrecision.Fp16, 1e-2)]
    public void Verify_Siglip_MatchesPyTorch(InferencePrecision precision, double limit)
    {
        var report = ModelVerifier.Verify(ModelFolder.Open(VectorFiles.Path("siglip-tiny")), Cpu with { Precision = precision });
        Assert.True(report.LargestDeviation < limit, string.Join('\n', report.Rows));
        Assert.Equal(["images", "pairs", "texts", "tokenizer"], report.Runs().Select(r => r.Run).Order());
    }

    [Fact]
    public void PairLogits_ManifestWithoutBias_NamesTheField()
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path("siglip-tiny"));
        using (var encoder = DualEncoder.Load(ModelFolder.Open(folder.Path), Cpu))
        {
            var logits = encoder.PairLogits();
            Assert.Equal((11.7, -3.2), (logits.Scale, logits.Bias));
            Assert.Equal(0.5, logits.Probability(3.2 / 11.7), 1e-12);
            Assert.True(double.IsNaN(logits.Probability(double.NaN)));
        }

        folder.Write("orchestrator.json", """{"kind": "siglip", "logit_scale": 10}""");
        using var without = DualEncoder.Load(ModelFolder.Open(folder.Path), Cpu);
        Assert.Equal("logit_bias", Assert.Throws<ModelContractException>(() => without.PairLogits()).Field);
    }
}
