using System.Text.Json;
using Orchestrator.Inference.Captioning;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Captioning;

/// <summary>Oracle: PyTorch (<c>Vectors/make_blip_tiny.py</c>).</summary>
public sealed class ImageTextMatcherTests
{
    private static readonly InferenceOptions Cpu = new() { IntraOpThreads = 1 };
    private static readonly JsonElement Expected = VectorFiles.Json("blip_captions.json");
    private static readonly string[] Texts = Expected.GetProperty("judged").Deserialize<string[]>()!;

    [Theory]
    [InlineData(MatchToken.Encoder, "encoder", InferencePrecision.Fp32, 1e-5)]
    [InlineData(MatchToken.Class, "class", InferencePrecision.Fp32, 1e-5)]
    [InlineData(MatchToken.Encoder, "encoder", InferencePrecision.Fp16, 1e-2)]
    public void Match_EitherFirstToken_EqualsPyTorch(MatchToken token, string name, InferencePrecision precision, double tolerance)
    {
        using var matcher = Load(precision);
        var actual = matcher.Match(States(matcher), Texts, token);
        Assert.All(Expected.GetProperty("verdicts").GetProperty(name).Deserialize<double[]>()!.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }

    [Fact]
    public void Match_OnePairAtATime_GivesTheSameScores()
    {
        using var matcher = Load(InferencePrecision.Fp32);
        var states = States(matcher);
        var whole = matcher.Match(states, Texts);
        for (var i = 0; i < Texts.Length; i++)
        {
            Assert.Equal(whole[i], matcher.Match(states.Select([i]), [Texts[i]])[0], 1e-6f);
        }

        var swapped = matcher.Match(states.Select([1, 1]), [Texts[0], Texts[1]]);
        Assert.NotEqual(whole[0], swapped[0], 1e-3f);
        Assert.Equal(whole[1], swapped[1], 1e-6f);
    }

    [Fact]
    public void Match_LongText_IsCut_AndBadPairsThrow()
    {
        using var matcher = Load(InferencePrecision.Fp32);
        var states = States(matcher).Select([0]);
        var words = string.Concat(Enumerable.Repeat("red circle ", 40));
        Assert.Equal(matcher.Match(states, [words])[0], matcher.Match(states, [words + "blue"])[0]);
        Assert.Throws<ArgumentException>(() => matcher.Match(states, ["a", "b"]));
        Assert.Throws<ArgumentException>(() => matcher.Match(states, []));
    }

    [Fact]
    public void Verify_GoldenRuns_PassInBothPrecisions()
    {
        foreach (var precision in Enum.GetValues<InferencePrecision>())
        {
            var report = ModelVerifier.Verify(ModelFolder.Open(VectorFiles.Path("blip-itm-tiny")), Cpu with { Precision = precision });
            Assert.True(report.Passed, string.Join('\n', report.Rows));
            Assert.Equal(["match", "vision", "tokenizer"], report.Runs().Select(r => r.Run));
        }
    }

    [Theory]
    [InlineData("""{"kind": "clip"}""", "kind", "blip-itm")]
    [InlineData("""{"kind": "blip-itm", "enc_token": "[NOPE]"}""", "vocab", "[NOPE]")]
    [InlineData("""{"kind": "blip-itm", "files": {"text": "onnx/vision_model.onnx"}}""", "text", "input_ids")]
    [InlineData("""{"kind": "blip-itm", "outputs": {"text": "nope"}}""", "nope", "a tensor of that name")]
    public void Load_FolderThatDoesNotFit_NamesFileAndField(string manifest, string field, string part)
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path("blip-itm-tiny"));
        folder.Write("orchestrator.json", manifest);
        var error = Assert.Throws<ModelContractException>(() => ImageTextMatcher.Load(ModelFolder.Open(folder.Path), Cpu));
        Assert.Equal(field, error.Field);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("A Photo: \"two\" cats (grey)... #1!", "a photo two cats grey 1")]
    [InlineData("\n x\u00a0~ y\t", "x y")]
    [InlineData("", "")]
    public void Clean_IsBlipsPreCaption(string text, string expected) => Assert.Equal(expected, BlipCaption.Clean(text));

    [Fact]
    public void Clean_CutsAfterTheGivenWords() => Assert.Equal("a b", BlipCaption.Clean("A B C", 2));

    private static ImageTextMatcher Load(InferencePrecision precision) => ImageTextMatcher.Load(ModelFolder.Open(VectorFiles.Path("blip-itm-tiny")), Cpu with { Precision = precision });

    private static ImageStates States(ImageTextMatcher matcher)
    {
        var pixels = (float[])NpyArray.Read(VectorFiles.Path("blip_pixels.npy")).Values;
        return matcher.EncodeImages(pixels.AsMemory(0, Texts.Length * matcher.Preprocess.TensorLength), Texts.Length);
    }
}
