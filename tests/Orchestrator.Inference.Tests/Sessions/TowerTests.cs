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
