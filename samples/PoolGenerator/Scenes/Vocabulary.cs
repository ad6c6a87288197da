namespace Orchestrator.Samples.PoolGenerator.Scenes;

public enum ShapeKind { Circle, Square, Triangle, Star, Ring, Cross, Heart, Diamond }

public enum ColourKind { Red, Orange, Yellow, Green, Blue, Purple, Pink, Brown }

public enum SizeKind { Small, Large }

public enum TextureKind { Plain, Striped, Dotted, Checked }

public enum BackgroundKind { White, Grey, Black, Beige, Navy, Mint }

/// <summary>
/// How the first object stands to the second. In scenes of three, <see cref="LeftOf"/> means a row from left to right
/// and <see cref="Above"/> a column from top to bottom.
/// </summary>
public enum RelationKind { None, LeftOf, RightOf, Above, Below, Inside }

/// <summary>The values of each attribute as lists, and the English word of a value.</summary>
public static class Vocabulary
{
    public static IReadOnlyList<ShapeKind> Shapes { get; } = Enum.GetValues<ShapeKind>();

    public static IReadOnlyList<ColourKind> Colours { get; } = Enum.GetValues<ColourKind>();

    public static IReadOnlyList<TextureKind> Textures { get; } = Enum.GetValues<TextureKind>();

    public static IReadOnlyList<BackgroundKind> Backgrounds { get; } = Enum.GetValues<BackgroundKind>();

    /// <summary>The word for a value, for example <c>striped</c>.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum
        => value.ToString().ToLowerInvariant();
}
