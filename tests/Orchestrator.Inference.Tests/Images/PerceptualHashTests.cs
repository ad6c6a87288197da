using System.Globalization;
using System.Numerics;
using Orchestrator.Domain.Curation.Dedup;
using Orchestrator.Inference.Images;

namespace Orchestrator.Inference.Tests.Images;

/// <summary>Against <c>Vectors/make_phash.py</c>: PIL's grey and Lanczos, NumPy's DCT in floating point.</summary>
public sealed class PerceptualHashTests
{
    public static TheoryData<string> Files() => [.. VectorFiles.Json("phash.json").EnumerateObject().Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Of_GoldenImage_IsThatOfPilAndNumPy(string file)
    {
        var decoded = new ImageDecoder().Decode(VectorFiles.Bytes("pixels", file));
        var expected = ulong.Parse(VectorFiles.Json("phash.json").GetProperty(file).GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        Assert.Equal(expected, PerceptualHash.Of(decoded.Image!));
    }

    [Theory]
    [InlineData(0, 0UL)]
    [InlineData(1, 1UL << 63)]
    [InlineData(255, 1UL << 63)]
    public void Of_OneColour_HasTheConstantTermAlone(byte grey, ulong hash)
    {
        var pixels = new byte[70 * 50 * 3];
        Array.Fill(pixels, grey);
        Assert.Equal(hash, PerceptualHash.Of(new DecodedImage(70, 50, 3, pixels)));
    }

    [Fact]
    public void DctHash_OfTheLowestWave_SetsItsBit()
    {
        // A half wave from left to right: the constant term and the first horizontal frequency, nothing else.
        var grey = new byte[DctHash.Side * DctHash.Side];
        for (var i = 0; i < grey.Length; i++)
        {
            grey[i] = (byte)Math.Round(128 + (100 * Math.Cos(Math.PI * ((2 * (i % DctHash.Side)) + 1) / (2 * DctHash.Side))));
        }

        Assert.Equal(0b11UL << 62, DctHash.Of(grey) & (0b11UL << 62));
        Assert.InRange(BitOperations.PopCount(DctHash.Of(grey)), 2, 5);
        Assert.Throws<ArgumentException>(() => DctHash.Of(new byte[64]));
    }
}
