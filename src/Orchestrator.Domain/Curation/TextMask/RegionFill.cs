namespace Orchestrator.Domain.Curation.TextMask;

/// <summary>Paints boxes over: each with the mean colour of the pixels around it (T-MARS fills text with the colour of its surroundings).</summary>
public static class RegionFill
{
    /// <summary>Fills the boxes in place.</summary>
    /// <param name="pixels">[height, width, channels] bytes.</param>
    /// <param name="width">Columns.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="boxes">Inside the picture; may overlap.</param>
    /// <returns>Share of the pixels that were filled, in [0, 1].</returns>
    /// <remarks>
    /// Around is a frame a quarter of the shorter side wide, at least two pixels, without pixels of any box; where nothing of it is left, all pixels
    /// outside the boxes; where there are none, the picture's own mean. Means are of the picture as it came, so the order of boxes does not matter
    /// but where they overlap: there the later one shows.
    /// </remarks>
    public static double Fill(Span<byte> pixels, int width, int channels, IReadOnlyList<TextBox> boxes)
    {
        var height = pixels.Length / (width * channels);
        var covered = new bool[width * height];
        foreach (var box in boxes)
        {
            for (var y = box.Top; y < box.Bottom; y++)
            {
                covered.AsSpan((y * width) + box.Left, box.Right - box.Left).Fill(true);
            }
        }

        var whole = new TextBox(0, 0, width, height);
        var colours = new byte[boxes.Count][];
        for (var i = 0; i < colours.Length; i++)
        {
            var box = boxes[i];
            var frame = Math.Max(2, Math.Min(box.Right - box.Left, box.Bottom - box.Top) / 4);
            var around = new TextBox(Math.Max(0, box.Left - frame), Math.Max(0, box.Top - frame), Math.Min(width, box.Right + frame), Math.Min(height, box.Bottom + frame));
            colours[i] = Mean(pixels, width, channels, around, covered) ?? Mean(pixels, width, channels, whole, covered) ?? Mean(pixels, width, channels, whole, null)!;
        }

        for (var i = 0; i < colours.Length; i++)
        {
            for (var y = boxes[i].Top; y < boxes[i].Bottom; y++)
            {
                for (var x = boxes[i].Left; x < boxes[i].Right; x++)
                {
                    colours[i].CopyTo(pixels[(((y * width) + x) * channels)..]);
                }
            }
        }

        return (double)covered.Count(c => c) / covered.Length;
    }

    // Null where every pixel is left out.
    private static byte[]? Mean(ReadOnlySpan<byte> pixels, int width, int channels, TextBox box, bool[]? leaveOut)
    {
        var (sums, count) = (new long[channels], 0L);
        for (var y = box.Top; y < box.Bottom; y++)
        {
            for (var x = box.Left; x < box.Right; x++)
            {
                var at = (y * width) + x;
                if (leaveOut?[at] == true)
                {
                    continue;
                }

                count++;
                for (var c = 0; c < channels; c++)
                {
                    sums[c] += pixels[(at * channels) + c];
                }
            }
        }

        return count == 0 ? null : Array.ConvertAll(sums, s => (byte)((s + (count / 2)) / count));
    }
}
