using Orchestrator.Samples.PoolGenerator.Scenes;
using SkiaSharp;

namespace Orchestrator.Samples.PoolGenerator.Drawing;

/// <summary>The outline of each shape around the origin, with half extent <c>r</c> in pixels.</summary>
internal static class Outlines
{
    public static SKPath Of(ShapeKind shape, float r)
    {
        var path = new SKPath();
        switch (shape)
        {
            case ShapeKind.Circle:
                path.AddCircle(0, 0, r);
                break;
            case ShapeKind.Square:
                path.AddRect(new SKRect(-0.88f * r, -0.88f * r, 0.88f * r, 0.88f * r));
                break;
            case ShapeKind.Triangle:
                path.AddPoly([new(0, -r), new(r, 0.8f * r), new(-r, 0.8f * r)]);
                break;
            case ShapeKind.Star:
                path.AddPoly(Star(r));
                break;
            case ShapeKind.Ring:
                path.FillType = SKPathFillType.EvenOdd;
                path.AddCircle(0, 0, r);
                path.AddCircle(0, 0, 0.58f * r);
                break;
            case ShapeKind.Cross:
                var t = 0.34f * r;
                path.AddPoly(
                [
                    new(-t, -r), new(t, -r), new(t, -t), new(r, -t), new(r, t), new(t, t),
                    new(t, r), new(-t, r), new(-t, t), new(-r, t), new(-r, -t), new(-t, -t),
                ]);
                break;
            case ShapeKind.Heart:
                path.MoveTo(0, 0.95f * r);
                path.CubicTo(-1.5f * r, 0, -0.95f * r, -1.35f * r, 0, -0.45f * r);
                path.CubicTo(0.95f * r, -1.35f * r, 1.5f * r, 0, 0, 0.95f * r);
                path.Close();
                break;
            default:
                path.AddPoly([new(0, -r), new(0.72f * r, 0), new(0, r), new(-0.72f * r, 0)]);
                break;
        }

        return path;
    }

    private static SKPoint[] Star(float r)
    {
        var points = new SKPoint[10];
        for (var i = 0; i < points.Length; i++)
        {
            var (sin, cos) = MathF.SinCos(MathF.PI * i / 5);
            var reach = i % 2 == 0 ? r : 0.42f * r;
            points[i] = new SKPoint(reach * sin, -reach * cos);
        }

        return points;
    }
}
