using Orchestrator.Samples.PoolGenerator.Scenes;
using SkiaSharp;

namespace Orchestrator.Samples.PoolGenerator.Drawing;

/// <summary>The sRGB value of every colour word, and shades of it.</summary>
internal static class Palette
{
    public static SKColor Of(ColourKind colour) => colour switch
    {
        ColourKind.Red => new SKColor(214, 36, 40),
        ColourKind.Orange => new SKColor(245, 130, 25),
        ColourKind.Yellow => new SKColor(246, 214, 32),
        ColourKind.Green => new SKColor(38, 150, 62),
        ColourKind.Blue => new SKColor(38, 92, 214),
        ColourKind.Purple => new SKColor(128, 48, 168),
        ColourKind.Pink => new SKColor(246, 130, 182),
        _ => new SKColor(120, 74, 40),
    };

    public static SKColor Of(BackgroundKind background) => background switch
    {
        BackgroundKind.White => new SKColor(248, 248, 246),
        BackgroundKind.Grey => new SKColor(148, 148, 150),
        BackgroundKind.Black => new SKColor(20, 20, 22),
        BackgroundKind.Beige => new SKColor(228, 214, 186),
        BackgroundKind.Navy => new SKColor(22, 34, 84),
        _ => new SKColor(188, 230, 206),
    };

    /// <summary>Moves each channel by up to <paramref name="levels"/> of 255 either way: no two reds are the same.</summary>
    public static SKColor Jitter(SKColor colour, SeededStream stream, int levels)
        => new(Move(colour.Red, stream, levels), Move(colour.Green, stream, levels), Move(colour.Blue, stream, levels));

    /// <summary><paramref name="share"/> of the way from one colour to the other, 0 to 1.</summary>
    public static SKColor Mix(SKColor from, SKColor to, double share) => new(
        (byte)Math.Round(from.Red + (to.Red - from.Red) * share),
        (byte)Math.Round(from.Green + (to.Green - from.Green) * share),
        (byte)Math.Round(from.Blue + (to.Blue - from.Blue) * share));

    private static byte Move(byte level, SeededStream stream, int levels)
        => (byte)Math.Clamp(level + stream.Between(-levels, levels), 0, 255);
}
