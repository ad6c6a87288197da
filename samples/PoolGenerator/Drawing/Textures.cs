using Orchestrator.Samples.PoolGenerator.Scenes;
using SkiaSharp;

namespace Orchestrator.Samples.PoolGenerator.Drawing;

/// <summary>
/// Stripes, dots and checks over [-r, r] x [-r, r]. Pitches follow the object's radius: about three periods across it,
/// which still shows when the picture is shrunk to 64 pixels.
/// </summary>
internal static class Textures
{
    public static void Paint(SKCanvas canvas, TextureKind texture, float r, SKPaint paint)
    {
        switch (texture)
        {
            case TextureKind.Striped:
                for (var x = -r; x < r; x += 0.56f * r)
                {
                    canvas.DrawRect(x, -r, 0.26f * r, 2 * r, paint);
                }

                break;
            case TextureKind.Dotted:
                for (var i = -2; i <= 2; i++)
                {
                    for (var j = -2; j <= 2; j++)
                    {
                        canvas.DrawCircle(i * 0.46f * r, j * 0.46f * r, 0.14f * r, paint);
                    }
                }

                break;
            case TextureKind.Checked:
                for (var i = -3; i < 3; i++)
                {
                    for (var j = -3; j < 3; j++)
                    {
                        if (((i + j) & 1) == 0)
                        {
                            canvas.DrawRect(i * 0.34f * r, j * 0.34f * r, 0.34f * r, 0.34f * r, paint);
                        }
                    }
                }

                break;
        }
    }
}
