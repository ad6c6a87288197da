using Orchestrator.Inference.Images;

namespace Orchestrator.Inference.Tests.Images;

public sealed class PreprocessContractTests
{
    private const string Clip = """
        {"image_processor_type": "CLIPImageProcessor", "do_resize": true, "size": {"shortest_edge": 224}, "resample": 3, "do_center_crop": true,
         "crop_size": {"height": 224, "width": 224}, "do_rescale": true, "rescale_factor": 0.00392156862745098, "do_normalize": true,
         "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711], "do_convert_rgb": true}
        """;

    [Fact]
    public void Read_ModernClip_EqualsTheDefaults() => Assert.Equal(new PreprocessContract(), Read(Clip));

    [Fact]
    public void Read_OldClipWithBareIntegers_EqualsTheModernOne() =>
        Assert.Equal(Read(Clip), Read("""{"feature_extractor_type": "CLIPFeatureExtractor", "size": 224, "crop_size": 224, "resample": 3, "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}"""));

    [Fact]
    public void Read_Siglip_SquashesWithoutCrop()
    {
        var contract = Read("""{"image_processor_type": "SiglipImageProcessor", "size": {"height": 256, "width": 128}, "resample": 2, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}""");
        Assert.Equal((ResizeMode.Exact, 256, 128, PilFilter.Bilinear), (contract.Resize, contract.Height, contract.Width, contract.Filter));
        Assert.Equal(0, contract.CropHeight);
        Assert.Equal(3 * 256 * 128, contract.TensorLength);
    }

    [Fact]
    public void Read_NoNormalisation_IsMeanZeroAndDeviationOne()
    {
        var contract = Read("""{"do_normalize": false, "do_rescale": false}""");
        Assert.Equal((default, new ChannelTriple(1, 1, 1), 1.0), (contract.Mean, contract.Std, contract.RescaleFactor));
    }

    [Fact]
    public void Equality_IsByValue()
    {
        Assert.Equal(Read(Clip).GetHashCode(), Read(Clip).GetHashCode());
        Assert.NotEqual(Read(Clip), Read(Clip) with { Filter = PilFilter.Bilinear });
    }

    [Theory]
    [InlineData("""{"size": "big"}""", "size")]
    [InlineData("""{"size": {"shortest_edge": 0}}""", "size.shortest_edge")]
    [InlineData("""{"size": {"shortest_edge": 1.5}}""", "size.shortest_edge")]
    [InlineData("""{"size": {"shortest_edge": 800, "longest_edge": 1333}}""", "size")]
    [InlineData("""{"crop_size": {"height": 224}}""", "crop_size")]
    [InlineData("""{"resample": 7}""", "resample")]
    [InlineData("""{"rescale_factor": 0}""", "rescale_factor")]
    [InlineData("""{"image_mean": [0.5, 0.5]}""", "image_mean")]
    [InlineData("""{"image_std": [0.5, 0, 0.5]}""", "image_std")]
    [InlineData("""{"do_center_crop": false}""", "do_center_crop")]
    [InlineData("""{"do_resize": false, "do_center_crop": false}""", "do_resize")]
    [InlineData("""{"do_convert_rgb": false}""", "do_convert_rgb")]
    [InlineData("""{"do_resize": "yes"}""", "do_resize")]
    [InlineData("""{"image_processor_type": "SiglipImageProcessor", "resample": 3}""", "size")]
    [InlineData("""{"image_processor_type": "SiglipImageProcessor", "size": 224}""", "resample")]
    [InlineData("""{"image_processor_type": "SiglipImageProcessor", "size": 224, "resample": 3}""", "image_mean")]
    public void Read_BadField_NamesFileAndField(string json, string field)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("preprocessor_config.json", json);
        var error = Assert.Throws<ModelContractException>(() => PreprocessContract.Read(path));
        Assert.Equal(field, error.Field);
        Assert.Equal(path, error.File);
    }

    [Fact]
    public void Read_NoFile_SaysWhichAndWhatToDo()
    {
        var error = Assert.Throws<ModelContractException>(() => PreprocessContract.Read("no-such-folder/preprocessor_config.json"));
        Assert.Contains("Copy it", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(300, 200, 336, 224)]
    [InlineData(200, 300, 224, 336)]
    [InlineData(301, 199, 338, 224)]
    [InlineData(224, 224, 224, 224)]
    [InlineData(1, 1000, 224, 224_000)]
    public void ResizedSize_ShortestEdge_TruncatesTheLongerOne(int width, int height, int expectedWidth, int expectedHeight) =>
        Assert.Equal((expectedWidth, expectedHeight), new ImagePreprocessor(new PreprocessContract()).ResizedSize(width, height));

    [Fact]
    public void Pixels_ImageSmallerThanTheCrop_IsPaddedAsTransformersPads()
    {
        var contract = new PreprocessContract { Resize = ResizeMode.None, CropHeight = 4, CropWidth = 5 };
        var image = new DecodedImage(2, 1, 1, [9, 7]);
        // transformers: top_pad = ceil((4-1)/2) = 2, left_pad = ceil((5-2)/2) = 2.
        Assert.Equal(
            [0, 0, 0, 0, 0,
             0, 0, 0, 0, 0,
             0, 0, 9, 7, 0,
             0, 0, 0, 0, 0],
            new ImagePreprocessor(contract).Pixels(image).Pixels);
    }

    [Fact]
    public void Write_WrongLength_Throws()
    {
        var image = new DecodedImage(1, 1, 1, [0]);
        Assert.Throws<ArgumentException>(() => new ImagePreprocessor(new PreprocessContract()).Write(image, new float[10]));
    }

    [Fact]
    public void Write_ExtremeStrip_TouchesOnlyTheCrop()
    {
        // The whole resized image would be 224 x 67 million pixels.
        var image = new DecodedImage(1, 300_000, 1, Enumerable.Repeat((byte)51, 300_000).ToArray());
        var contract = new PreprocessContract { Mean = default, Std = new ChannelTriple(1, 1, 1) };
        var tensor = new float[contract.TensorLength];
        new ImagePreprocessor(contract).Write(image, tensor);
        Assert.All(tensor, value => Assert.Equal(0.2f, value, 1e-6f));
    }

    private static PreprocessContract Read(string json)
    {
        using var folder = new TemporaryFolder();
        return PreprocessContract.Read(folder.Write("preprocessor_config.json", json));
    }
}
