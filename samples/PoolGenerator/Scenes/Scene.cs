namespace Orchestrator.Samples.PoolGenerator.Scenes;

/// <summary>One thing in a picture.</summary>
/// <param name="Shape">Its outline.</param>
/// <param name="Colour">Its main colour.</param>
/// <param name="Size">Small or large, relative to the number of objects in the scene.</param>
/// <param name="Texture">What is drawn over the main colour.</param>
/// <param name="X">Centre, in [0, 1] from the left of the central square.</param>
/// <param name="Y">Centre, in [0, 1] from the top of the central square.</param>
/// <param name="Radius">Half of its extent, in sides of the central square.</param>
public sealed record SceneObject(
    ShapeKind Shape, ColourKind Colour, SizeKind Size, TextureKind Texture, double X, double Y, double Radius);

/// <summary>
/// What a picture shows. All objects lie inside the central square, so a centre crop (CLIP's preprocessing) keeps them.
/// </summary>
/// <param name="Objects">One to three objects, no two alike in both shape and colour.</param>
/// <param name="Relation">How the first stands to the second; <see cref="RelationKind.None"/> for one object.</param>
/// <param name="Background">Its colour.</param>
/// <param name="Gradient">True where the background runs from one tone of its colour to another.</param>
/// <param name="Clutter">How many faint strokes and dots lie behind the objects, 0 to 24.</param>
/// <param name="Noise">Amplitude of the pixel noise, in levels of 255, 0 to 14.</param>
public sealed record Scene(
    IReadOnlyList<SceneObject> Objects,
    RelationKind Relation,
    BackgroundKind Background,
    bool Gradient,
    int Clutter,
    double Noise)
{
    /// <summary>
    /// True if the two scenes have no colour in common: no caption of one can be taken for a caption of the other.
    /// Shapes may repeat, otherwise telling the two apart would be too easy a test.
    /// </summary>
    public bool IsClearlyDifferentFrom(Scene other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return !Objects.Any(mine => other.Objects.Any(theirs => theirs.Colour == mine.Colour));
    }
}
