using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Inference.Images;

namespace Orchestrator.Inference.Tests.Images;

/// <summary>Laws of the resampler; equality with PIL itself is in <see cref="GoldenPixelTests"/>.</summary>
public sealed class PilResamplerTests
{
    [Property(MaxTest = 300)]
    public Property Resize_ConstantImage_StaysConstant() => Prop.ForAll(Cases(), c =>
    {
        var image = new DecodedImage(c.Width, c.Height, c.Channels, Enumerable.Repeat((byte)c.Seed, c.Width * c.Height * c.Channels).ToArray());
        Assert.All(PilResampler.Resize(image, c.ToWidth, c.ToHeight, c.Filter).Pixels, p => Assert.Equal((byte)c.Seed, p));
    });

    [Property(MaxTest = 400)]
    public Property Resize_VectorPath_EqualsScalarPath() => Prop.ForAll(Cases(), c =>
    {
        Assert.SkipUnless(System.Runtime.Intrinsics.X86.Avx2.IsSupported, "this machine has no AVX2: only the scalar path exists");
        var image = Noise(c);
        var window = new PixelRect(0, 0, c.ToWidth, c.ToHeight);
        var (vector, scalar) = (new byte[c.ToWidth * c.ToHeight * c.Channels], new byte[c.ToWidth * c.ToHeight * c.Channels]);
        PilResampler.Resize(image, c.ToWidth, c.ToHeight, c.Filter, window, vector, vectorised: true);
        PilResampler.Resize(image, c.ToWidth, c.ToHeight, c.Filter, window, scalar, vectorised: false);
        Assert.Equal(scalar, vector);
    });

    [Property(MaxTest = 300)]
    public Property Resize_Window_EqualsThatPartOfTheWhole() => Prop.ForAll(Cases(), c =>
    {
        var image = Noise(c);
        var whole = PilResampler.Resize(image, c.ToWidth, c.ToHeight, c.Filter);
        var window = new PixelRect(c.ToWidth / 3, c.ToHeight / 4, c.ToWidth - (c.ToWidth / 3), Math.Max(1, c.ToHeight / 2));
        var part = new byte[window.Width * window.Height * c.Channels];
        PilResampler.Resize(image, c.ToWidth, c.ToHeight, c.Filter, window, part);
        for (var y = 0; y < window.Height; y++)
        {
            var row = whole.Pixels.AsSpan((((window.Y + y) * c.ToWidth) + window.X) * c.Channels, window.Width * c.Channels);
            Assert.True(row.SequenceEqual(part.AsSpan(y * row.Length, row.Length)));
        }
    });

    [Property(MaxTest = 200)]
    public Property Resize_ToTheSameSize_IsTheIdentity() => Prop.ForAll(Cases(), c =>
    {
        var image = Noise(c);
        Assert.Equal(image.Pixels, PilResampler.Resize(image, c.Width, c.Height, c.Filter).Pixels);
    });

    [Property(MaxTest = 200)]
    public Property Resize_Grey_EqualsEachChannelOfTheSameImageInRgb() => Prop.ForAll(Cases(), c =>
    {
        var grey = Noise(c with { Channels = 1 });
        var rgb = new DecodedImage(c.Width, c.Height, 3, [.. grey.Pixels.SelectMany(p => new[] { p, p, p })]);
        var expected = PilResampler.Resize(grey, c.ToWidth, c.ToHeight, c.Filter).Pixels.SelectMany(p => new[] { p, p, p });
        Assert.Equal(expected, PilResampler.Resize(rgb, c.ToWidth, c.ToHeight, c.Filter).Pixels);
    });

    [Fact]
    public void Resize_WrongArguments_Throw()
    {
        var image = new DecodedImage(4, 4, 3, new byte[48]);
        Assert.Throws<ArgumentOutOfRangeException>(() => PilResampler.Resize(image, 0, 4, PilFilter.Bicubic));
        Assert.Throws<ArgumentOutOfRangeException>(() => PilResampler.Resize(image, 4, 4, (PilFilter)9));
        Assert.Throws<ArgumentException>(() => PilResampler.Resize(image, 8, 8, PilFilter.Bicubic, new PixelRect(1, 0, 8, 8), new byte[192]));
        Assert.Throws<ArgumentException>(() => PilResampler.Resize(image, 8, 8, PilFilter.Bicubic, new PixelRect(0, 0, 8, 8), new byte[191]));
        Assert.Throws<ArgumentException>(() => new DecodedImage(4, 4, 2, new byte[32]));
        Assert.Throws<ArgumentException>(() => new DecodedImage(4, 4, 3, new byte[47]));
    }

    private static DecodedImage Noise(ResizeCase c)
    {
        var pixels = new byte[c.Width * c.Height * c.Channels];
        new Random(c.Seed).NextBytes(pixels);
        // Extremes make kernels with negative lobes overshoot.
        for (var i = 0; i < pixels.Length; i += 3)
        {
            pixels[i] = (byte)(pixels[i] < 128 ? 0 : 255);
        }

        return new DecodedImage(c.Width, c.Height, c.Channels, pixels);
    }

    private static Arbitrary<ResizeCase> Cases()
    {
        var edge = Gen.OneOf(Gen.Choose(1, 8), Gen.Choose(1, 120));
        var gen =
            from width in edge
            from height in edge
            from toWidth in edge
            from toHeight in edge
            from channels in Gen.Elements(1, 3)
            from filter in Gen.Elements(Enum.GetValues<PilFilter>())
            from seed in Gen.Choose(0, 255)
            select new ResizeCase(width, height, toWidth, toHeight, channels, filter, seed);
        return gen.ToArbitrary();
    }

    public sealed record ResizeCase(int Width, int Height, int ToWidth, int ToHeight, int Channels, PilFilter Filter, int Seed);
}
