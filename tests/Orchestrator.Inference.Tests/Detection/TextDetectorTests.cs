using NetVips;
using Orchestrator.Inference.Detection;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Detection;

/// <summary>The demo's detector, whose golden run against PyTorch <c>SampleModelTests</c> makes.</summary>
public sealed class TextDetectorTests
{
    private static readonly InferenceOptions Cpu = new() { IntraOpThreads = 1 };

    [Fact]
    public void Detect_AWordOnAPlainGround_IsSeenWhereItStands()
    {
        using var detector = TextDetector.Load(ModelFolder.Open(SampleModels.Path("text-detector-demo")), Cpu);
        var map = Detect(detector, word: true);
        Assert.Equal((32, 1024), (map.Width, map.Values.Length));

        // The word stands in rows 12 to 19 of 32; above and below it there is nothing.
        float Mean(int from, int to) => Enumerable.Range(from * 32, (to - from) * 32).Average(i => map.Values[i]);
        Assert.True(Mean(13, 18) > 0.4f && Mean(0, 8) < 0.2f && Mean(24, 32) < 0.2f, $"{Mean(0, 8)} {Mean(13, 18)} {Mean(24, 32)}");
        Assert.True(Detect(detector, word: false).Values.Average() < 0.1f);
    }

    [Theory]
    [InlineData("""{ "kind": "clip" }""", null, "kind")]
    [InlineData("""{ "kind": "text-detector", "files": { "detector": "onnx/none.onnx" } }""", null, "none.onnx")]
    [InlineData("""{ "kind": "text-detector", "files": { "detector": "onnx/model.onnx" }, "outputs": { "detector": "boxes" } }""", null, "boxes")]
    [InlineData(null, """{ "do_resize": true, "size": { "height": 64, "width": 64 }, "do_center_crop": false, "resample": 3, "do_rescale": true, "do_normalize": false }""", "height 64")]
    [InlineData(null, """{ "do_resize": true, "size": { "shortest_edge": 128 }, "do_center_crop": true, "crop_size": 128, "resample": 3, "do_rescale": true, "do_normalize": false }""", "cover the whole picture")]
    public void Load_AFolderThatIsNone_SaysWhatIsWrong(string? manifest, string? processor, string message)
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(SampleModels.Path("text-detector-demo"));
        if (manifest is not null)
        {
            folder.Write(ModelManifest.FileName, manifest);
        }

        if (processor is not null)
        {
            folder.Write("preprocessor_config.json", processor);
        }

        var error = Assert.Throws<ModelContractException>(() => TextDetector.Load(ModelFolder.Open(folder.Path), Cpu).Dispose());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static TextMap Detect(TextDetector detector, bool word)
    {
        using var ground = (Image.Black(256, 256, bands: 3) + new double[] { 40, 60, 120 }).Cast(Enums.BandFormat.Uchar);
        using var picture = ground.Mutate(image =>
        {
            // Letters of bars: H, E, L, F, T and their like, since a font need not be there.
            for (var x = 16; word && x < 232; x += 24)
            {
                double[] ink = [250, 250, 240];
                image.DrawRect(ink, x, 104, 4, 48, fill: true);
                image.DrawRect(ink, x, 126, 16, 4, fill: true);
                image.DrawRect(ink, x + (x % 48 < 24 ? 12 : 0), 104, x % 48 < 24 ? 4 : 16, x % 48 < 24 ? 48 : 4, fill: true);
            }
        });
        var pixels = picture.WriteToMemory<byte>();
        var tensor = new float[detector.Preprocess.TensorLength];
        new ImagePreprocessor(detector.Preprocess).Write(new DecodedImage(256, 256, 3, pixels), tensor);
        return detector.Detect(tensor);
    }
}
