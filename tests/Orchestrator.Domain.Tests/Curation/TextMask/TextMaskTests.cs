using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Domain.Curation.TextMask;

namespace Orchestrator.Domain.Tests.Curation.TextMask;

public sealed class TextMaskTests
{
    [Fact]
    public void Find_TouchingCells_AreOneBoxThatGrowsAndIsMappedOutwards()
    {
        float[] map =
        [
            0, 0, 0, 0, 0, 0,
            0, .9f, .5f, 0, 0, 0,
            0, 0, 0, .7f, 0, .6f,
            0, 0, 0, 0, float.NaN, 0,
        ];

        // Columns 1 to 3 and rows 1 to 2 touch at corners; the cell at the right stands alone and is too thin.
        Assert.Equal([new TextBox(10, 8, 41, 24)], TextRegions.Find(map, 6, 0.5, 0, 2, 61, 32).Select(b => b));
        Assert.Equal([new TextBox(0, 0, 61, 32)], TextRegions.Find(map, 6, 0.5, 1, 2, 61, 32));
        Assert.Equal(2, TextRegions.Find(map, 6, 0.5, 0, 1, 60, 32).Count);
        Assert.Empty(TextRegions.Find(map, 6, 0.95, 0, 1, 60, 32));
    }

    [Fact]
    public void Fill_ABox_TakesTheMeanAroundItAndNothingOfOtherBoxes()
    {
        // 8 x 4, one channel: left half 10, right half 200; a box in the left half, another beside it that must not count.
        var pixels = new byte[32];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)(i % 8 < 4 ? 10 : 200);
        }

        pixels[(1 * 8) + 1] = 255;
        var share = RegionFill.Fill(pixels, 8, 1, [new TextBox(1, 1, 2, 2), new TextBox(4, 0, 8, 4)]);
        Assert.Equal(10, pixels[(1 * 8) + 1]);
        Assert.Equal(10, pixels[(2 * 8) + 6]);
        Assert.Equal(17.0 / 32, share);
    }

    [Fact]
    public void Fill_ABoxThatCoversAll_TakesThePicturesMean()
    {
        byte[] pixels = [0, 10, 20, 100, 110, 120];
        Assert.Equal(1, RegionFill.Fill(pixels, 2, 3, [new TextBox(0, 0, 2, 1)]));
        Assert.Equal([50, 60, 70, 50, 60, 70], pixels);
    }

    [Property(MaxTest = 200)]
    public Property Fill_AnyBoxes_ChangesOnlyPixelsInsideThem() => Prop.ForAll(
        Gen.Choose(1, 20).ToArbitrary(), Gen.Choose(1, 20).ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (width, height, seed) =>
        {
            var random = new System.Random(seed);
            var boxes = Enumerable.Range(0, random.Next(5)).Select(_ =>
            {
                var (left, top) = (random.Next(width), random.Next(height));
                return new TextBox(left, top, random.Next(left + 1, width + 1), random.Next(top + 1, height + 1));
            }).ToList();
            var before = new byte[width * height * 3];
            random.NextBytes(before);
            var after = (byte[])before.Clone();
            var share = RegionFill.Fill(after, width, 3, boxes);
            bool Inside(int pixel) => boxes.Exists(b => pixel % width >= b.Left && pixel % width < b.Right && pixel / width >= b.Top && pixel / width < b.Bottom);
            Assert.All(Enumerable.Range(0, width * height).Where(p => !Inside(p)), p => Assert.Equal(before[(3 * p)..((3 * p) + 3)], after[(3 * p)..((3 * p) + 3)]));
            Assert.Equal(Enumerable.Range(0, width * height).Count(Inside) / (double)(width * height), share);
        });
}
