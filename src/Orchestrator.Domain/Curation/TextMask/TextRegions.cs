namespace Orchestrator.Domain.Curation.TextMask;

/// <summary>A rectangle of pixels.</summary>
/// <param name="Left">First column.</param>
/// <param name="Top">First row.</param>
/// <param name="Right">Column after the last.</param>
/// <param name="Bottom">Row after the last.</param>
public readonly record struct TextBox(int Left, int Top, int Right, int Bottom);

/// <summary>Boxes of text from a map of probabilities, such as DB and FAST give (Liao 2020, arXiv 1911.08947, section 3.4; boxes upright here).</summary>
public static class TextRegions
{
    /// <summary>
    /// Finds regions of cells at or above the threshold that touch at a side or a corner, takes the box of each, lets it grow and maps it to the
    /// picture, rounded outwards. In the order of their first cells, row by row.
    /// </summary>
    /// <param name="map">Probabilities, [height, width]; NaN is no text.</param>
    /// <param name="width">Columns of the map.</param>
    /// <param name="threshold">Least probability.</param>
    /// <param name="grow">Growth on each side, in shorter sides of the box.</param>
    /// <param name="minSide">Least shorter side of a region, in cells, before it grows.</param>
    /// <param name="imageWidth">Columns of the picture that the map covers.</param>
    /// <param name="imageHeight">Its rows.</param>
    public static IReadOnlyList<TextBox> Find(ReadOnlySpan<float> map, int width, double threshold, double grow, int minSide, int imageWidth, int imageHeight)
    {
        var height = map.Length / width;
        var seen = new bool[map.Length];
        var boxes = new List<TextBox>();
        var open = new Stack<int>();
        for (var start = 0; start < map.Length; start++)
        {
            if (seen[start] || !(map[start] >= threshold))
            {
                continue;
            }

            var (left, top, right, bottom) = (width, height, 0, 0);
            seen[start] = true;
            open.Push(start);
            while (open.TryPop(out var cell))
            {
                var (x, y) = (cell % width, cell / width);
                (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x + 1), Math.Max(bottom, y + 1));
                for (var v = Math.Max(0, y - 1); v <= Math.Min(height - 1, y + 1); v++)
                {
                    for (var u = Math.Max(0, x - 1); u <= Math.Min(width - 1, x + 1); u++)
                    {
                        var next = (v * width) + u;
                        if (!seen[next] && map[next] >= threshold)
                        {
                            seen[next] = true;
                            open.Push(next);
                        }
                    }
                }
            }

            var side = Math.Min(right - left, bottom - top);
            if (side >= minSide)
            {
                var margin = grow * side;
                boxes.Add(new TextBox(
                    Low(left - margin, width, imageWidth), Low(top - margin, height, imageHeight), High(right + margin, width, imageWidth), High(bottom + margin, height, imageHeight)));
            }
        }

        return boxes;
    }

    private static int Low(double cell, int cells, int pixels) => (int)Math.Clamp(Math.Floor(cell * pixels / cells), 0, pixels);

    private static int High(double cell, int cells, int pixels) => (int)Math.Clamp(Math.Ceiling(cell * pixels / cells), 0, pixels);
}
