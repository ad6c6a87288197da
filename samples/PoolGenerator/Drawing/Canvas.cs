namespace Orchestrator.Samples.PoolGenerator.Drawing;

/// <summary>Size and encoding of a picture.</summary>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Format">86 % JPEG, 8 % PNG, 6 % WebP.</param>
/// <param name="Quality">85 to 95.</param>
internal sealed record Canvas(int Width, int Height, PictureFormat Format, int Quality)
{
    /// <summary>
    /// Shorter side 224 to 384 pixels, longer at most 512 and at most twice the shorter, except for the two defects
    /// of size.
    /// </summary>
    public static Canvas Draw(SeededStream stream, DefectKind defect)
    {
        var shorter = stream.Between(224, 384);
        var aspect = stream.Chance(0.3) ? 1.0 : stream.Between(1.0, 2.0);
        var longer = Math.Min(512, (int)(shorter * aspect));
        switch (defect)
        {
            case DefectKind.TinyImage:
                shorter = stream.Between(48, 160);
                longer = (int)(shorter * Math.Min(aspect, 1.6));
                break;
            case DefectKind.ExtremeAspect:
                shorter = stream.Between(200, 240);
                longer = (int)(shorter * stream.Between(3.2, 4.5));
                break;
        }

        var wide = stream.Chance(0.6);
        var u = stream.NextDouble();
        var format = u < 0.86 ? PictureFormat.Jpeg : u < 0.94 ? PictureFormat.Png : PictureFormat.WebP;
        return new Canvas(wide ? longer : shorter, wide ? shorter : longer, format, stream.Between(85, 95));
    }
}
