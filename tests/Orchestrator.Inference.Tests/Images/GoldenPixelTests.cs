using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Inference.Images;

namespace Orchestrator.Inference.Tests.Images;

/// <summary>Against PIL 9.4: <c>Vectors/make_pixels.py</c> made both the images and what PIL makes of them.</summary>
public sealed class GoldenPixelTests
{
    public static TheoryData<string> Files() =>
        [.. VectorFiles.Json("pixels", "expected.json").EnumerateArray().Select(e => e.GetProperty("file").GetString()!)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Preprocess_GoldenImage_EqualsPilBitForBit(string file)
    {
        var decoded = new ImageDecoder().Decode(VectorFiles.Bytes("pixels", file));
        Assert.True(decoded.Ok, decoded.Fault?.Message);
        foreach (var expected in Entry(file).GetProperty("cases").EnumerateArray())
        {
            var result = Rgb(Run(decoded.Image!, expected));
            var name = $"{expected.GetProperty("resize").GetString()} {expected.GetProperty("edge").GetInt32()} filter {expected.GetProperty("filter").GetInt32()}";
            Assert.True(expected.GetProperty("sha256").GetString() == Convert.ToHexStringLower(SHA256.HashData(result)), $"{file}: {name}: {Difference(expected, result)}");
        }
    }

    [Fact]
    public void Vectors_Cover_AtLeastFortyImagesAndEveryMode()
    {
        var entries = VectorFiles.Json("pixels", "expected.json").EnumerateArray().ToArray();
        Assert.True(entries.Length >= 40);
        Assert.Superset(new HashSet<string?> { "RGB", "L", "P", "LA", "RGBA", "CMYK", "I", "1" }, entries.Select(e => e.GetProperty("mode").GetString()).ToHashSet());
    }

    [Fact]
    public void Write_GoldenTensor_EqualsNumPy()
    {
        foreach (var expected in VectorFiles.Json("pixels", "tensor.json").EnumerateArray())
        {
            var edge = expected.GetProperty("edge").GetInt32();
            var values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(VectorFiles.Gunzip(expected.GetProperty("values").GetString()!)).ToArray();
            var image = new ImageDecoder().Decode(VectorFiles.Bytes("pixels", expected.GetProperty("file").GetString()!)).Image!;
            var tensor = new float[3 * edge * edge];
            new ImagePreprocessor(new PreprocessContract { ResizeHeight = edge, ResizeWidth = edge, CropHeight = edge, CropWidth = edge }).Write(image, tensor);
            Assert.Equal(values, tensor);
        }
    }

    private static JsonElement Entry(string file) =>
        VectorFiles.Json("pixels", "expected.json").EnumerateArray().Single(e => e.GetProperty("file").GetString() == file);

    private static DecodedImage Run(DecodedImage image, JsonElement expected)
    {
        var edge = expected.GetProperty("edge").GetInt32();
        var contract = new PreprocessContract
        {
            Filter = (PilFilter)expected.GetProperty("filter").GetInt32(),
            Resize = ResizeMode.ShortestEdge,
            ResizeHeight = edge,
            ResizeWidth = edge,
            CropHeight = edge,
            CropWidth = edge,
        };
        switch (expected.GetProperty("resize").GetString())
        {
            case "none":
                Assert.Equal(expected.GetProperty("width").GetInt32(), image.Width);
                Assert.Equal(expected.GetProperty("height").GetInt32(), image.Height);
                return image;
            case "squash":
                contract = contract with { Resize = ResizeMode.Exact, CropHeight = 0, CropWidth = 0 };
                break;
        }

        return new ImagePreprocessor(contract).Pixels(image);
    }

    private static byte[] Rgb(DecodedImage image) =>
        image.Channels == 3 ? image.Pixels : [.. image.Pixels.SelectMany(p => new[] { p, p, p })];

    private static string Difference(JsonElement expected, byte[] actual)
    {
        if (!expected.TryGetProperty("gz", out var stored))
        {
            return "differs";
        }

        var golden = VectorFiles.Gunzip(stored.GetString()!);
        return golden.Length != actual.Length
            ? $"{actual.Length} bytes against {golden.Length}"
            : $"{golden.Zip(actual).Count(p => p.First != p.Second)} of {golden.Length} differ, at most by {golden.Zip(actual).Max(p => Math.Abs(p.First - p.Second))}";
    }
}
