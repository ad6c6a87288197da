using System.Text.RegularExpressions;
using Orchestrator.Samples.PoolGenerator.Scenes;

namespace Orchestrator.Samples.PoolGenerator.Captions;

/// <summary>Judges any caption by what a picture shows, as <c>samples/models/blip_text.py</c> does for the training's figures.</summary>
public static partial class CaptionTruth
{
    /// <summary>The colours with their shapes that a caption names, in its order.</summary>
    public static IReadOnlyList<(ColourKind Colour, ShapeKind Shape)> Named(string caption) =>
        [.. Phrase().Matches(caption.ToLowerInvariant()).Select(m => (Enum.Parse<ColourKind>(m.Groups[1].Value, true), Enum.Parse<ShapeKind>(m.Groups[2].Value, true)))];

    /// <summary>True where the caption names at least one object, none twice, and every colour with its shape that it names is in the picture.</summary>
    public static bool IsTrue(string caption, Scene scene)
    {
        ArgumentNullException.ThrowIfNull(scene);
        var named = Named(caption);
        return named.Count > 0 && named.Distinct().Count() == named.Count && named.All(n => scene.Objects.Any(o => (o.Colour, o.Shape) == n));
    }

    [GeneratedRegex(@"\b(red|orange|yellow|green|blue|purple|pink|brown) (?:(?:striped|dotted|checked) )?(circle|square|triangle|star|ring|cross|heart|diamond)\b")]
    private static partial Regex Phrase();
}
