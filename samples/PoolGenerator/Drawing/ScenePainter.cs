using System.Runtime.InteropServices;
using Orchestrator.Samples.PoolGenerator.Scenes;
using SkiaSharp;

namespace Orchestrator.Samples.PoolGenerator.Drawing;

/// <summary>Draws a scene on the CPU: background, clutter, objects, then pixel noise.</summary>
internal static class ScenePainter
{
    /// <summary>A picture of width x height pixels, RGBA, opaque. The caller disposes it.</summary>
    public static SKBitmap Paint(Scene scene, int width, int height, SeededStream stream)
    {
        var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (var canvas = new SKCanvas(bitmap))
        {
            PaintBackground(canvas, scene, width, height, stream);
            PaintClutter(canvas, scene, width, height, stream);
            // The later object lies below: an object inside another is drawn over it.
            foreach (var thing in scene.Objects.Reverse())
            {
                PaintObject(canvas, thing, width, height, stream);
            }
        }

        if (scene.Noise > 0)
        {
            AddNoise(bitmap, scene.Noise, stream);
        }

        return bitmap;
    }

    private static void PaintBackground(SKCanvas canvas, Scene scene, int width, int height, SeededStream stream)
    {
        var colour = Palette.Jitter(Palette.Of(scene.Background), stream, 6);
        canvas.Clear(colour);
        if (!scene.Gradient)
        {
            return;
        }

        var towards = scene.Background is BackgroundKind.Black or BackgroundKind.Navy ? SKColors.White : SKColors.Black;
        var other = Palette.Mix(colour, towards, stream.Between(0.08, 0.2));
        var (sin, cos) = Math.SinCos(stream.Between(0, 2 * Math.PI));
        var centre = new SKPoint(width / 2f, height / 2f);
        var reach = new SKPoint((float)cos * width / 2, (float)sin * height / 2);
        using var shader = SKShader.CreateLinearGradient(
            centre - reach, centre + reach, [colour, other], SKShaderTileMode.Clamp);
        using var paint = new SKPaint { Shader = shader };
        canvas.DrawRect(0, 0, width, height, paint);
    }

    private static void PaintClutter(SKCanvas canvas, Scene scene, int width, int height, SeededStream stream)
    {
        using var paint = new SKPaint { IsAntialias = true, StrokeCap = SKStrokeCap.Round };
        var unit = Math.Min(width, height);
        for (var i = 0; i < scene.Clutter; i++)
        {
            var level = (byte)stream.Between(40, 215);
            paint.Color = new SKColor(level, level, level, (byte)stream.Between(30, 80));
            var x = (float)stream.Between(0, width);
            var y = (float)stream.Between(0, height);
            if (stream.Chance(0.5))
            {
                paint.StrokeWidth = (float)(unit * stream.Between(0.004, 0.012));
                canvas.DrawLine(
                    x, y, x + (float)(unit * stream.Between(-0.3, 0.3)), y + (float)(unit * stream.Between(-0.3, 0.3)), paint);
            }
            else
            {
                canvas.DrawCircle(x, y, (float)(unit * stream.Between(0.006, 0.02)), paint);
            }
        }
    }

    private static void PaintObject(SKCanvas canvas, SceneObject thing, int width, int height, SeededStream stream)
    {
        var side = Math.Min(width, height);
        var radius = (float)(thing.Radius * side);
        canvas.Save();
        canvas.Translate((float)((width - side) / 2.0 + thing.X * side), (float)((height - side) / 2.0 + thing.Y * side));
        // A square turned far enough is a diamond, so objects lean by at most 9 degrees.
        canvas.RotateDegrees((float)stream.Between(-9.0, 9.0));
        var colour = Palette.Jitter(Palette.Of(thing.Colour), stream, 12);
        using var path = Outlines.Of(thing.Shape, radius);
        using var paint = new SKPaint { IsAntialias = true, Color = colour };
        canvas.DrawPath(path, paint);
        if (thing.Texture != TextureKind.Plain)
        {
            canvas.ClipPath(path, SKClipOperation.Intersect, antialias: true);
            // Light stripes would turn yellow and pink into white, so those two get dark ones.
            paint.Color = thing.Colour is ColourKind.Yellow or ColourKind.Pink
                ? Palette.Mix(colour, SKColors.Black, 0.55)
                : Palette.Mix(colour, SKColors.White, 0.7);
            Textures.Paint(canvas, thing.Texture, radius, paint);
        }

        canvas.Restore();
    }

    /// <summary>Triangular noise in [-amplitude, amplitude], independent for each channel.</summary>
    private static void AddNoise(SKBitmap bitmap, double amplitude, SeededStream stream)
    {
        var length = bitmap.RowBytes * bitmap.Height;
        var pixels = new byte[length];
        Marshal.Copy(bitmap.GetPixels(), pixels, 0, length);
        var scale = (int)Math.Round(amplitude * 256 / 255);
        for (var i = 0; i < length; i += 4)
        {
            var bits = stream.NextUInt64();
            for (var channel = 0; channel < 3; channel++)
            {
                var sum = (int)(bits & 255) + (int)((bits >> 8) & 255) - 255;
                pixels[i + channel] = (byte)Math.Clamp(pixels[i + channel] + sum * scale / 256, 0, 255);
                bits >>= 16;
            }
        }

        Marshal.Copy(pixels, 0, bitmap.GetPixels(), length);
    }
}
