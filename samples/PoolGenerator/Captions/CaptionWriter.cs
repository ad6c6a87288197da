using Orchestrator.Samples.PoolGenerator.Scenes;

namespace Orchestrator.Samples.PoolGenerator.Captions;

/// <summary>
/// Describes a scene in one English sentence. Colour and shape of every object are always named; size, texture,
/// relation and background are named sometimes, as people do. At most 40 words, so well inside CLIP's 77 tokens.
/// </summary>
internal static class CaptionWriter
{
    private static readonly string[] Openings =
    [
        "", "", "", "a photo of ", "a picture of ", "an image of ", "a drawing of ", "an illustration of ",
        "an image showing ", "there is ", "we see ", "a simple picture with ",
    ];

    public static string Describe(Scene scene, SeededStream stream)
    {
        var sizes = stream.Chance(0.6);
        var textures = stream.Chance(0.75);
        var phrases = scene.Objects.Select(o => Phrase(o, sizes, textures)).ToArray();
        var body = phrases.Length switch
        {
            1 => phrases[0],
            2 => Pair(phrases[0], phrases[1], scene.Relation, stream),
            _ => Triple(phrases, scene.Relation, stream),
        };
        var sentence = stream.Pick(Openings) + body;
        if (stream.Chance(0.3))
        {
            var background = Vocabulary.Word(scene.Background);
            sentence += stream.Chance(0.5) ? $" on {WithArticle(background)} background" : $" against {WithArticle(background)} backdrop";
        }

        if (stream.Chance(0.4))
        {
            sentence = char.ToUpperInvariant(sentence[0]) + sentence[1..];
        }

        return stream.Chance(0.3) ? sentence + "." : sentence;
    }

    /// <summary>For example <c>a small blue striped square</c>.</summary>
    private static string Phrase(SceneObject thing, bool size, bool texture)
    {
        var words = new List<string>(4);
        if (size)
        {
            words.Add(Vocabulary.Word(thing.Size));
        }

        words.Add(Vocabulary.Word(thing.Colour));
        if (texture && thing.Texture != TextureKind.Plain)
        {
            words.Add(Vocabulary.Word(thing.Texture));
        }

        words.Add(Vocabulary.Word(thing.Shape));
        return WithArticle(string.Join(' ', words));
    }

    private static string Pair(string first, string second, RelationKind relation, SeededStream stream)
    {
        if (relation != RelationKind.Inside && stream.Chance(0.25))
        {
            var (a, b) = stream.Chance(0.5) ? (first, second) : (second, first);
            return a + stream.Pick<string>([" and ", " next to ", " together with "]) + b;
        }

        if (relation != RelationKind.Inside && stream.Chance(0.4))
        {
            (first, second, relation) = (second, first, Opposite(relation));
        }

        return first + stream.Pick(Links(relation)) + second;
    }

    private static string Triple(string[] phrases, RelationKind relation, SeededStream stream)
    {
        if (stream.Chance(0.4))
        {
            var shift = stream.Next(3);
            return $"{phrases[shift]}, {phrases[(shift + 1) % 3]} and {phrases[(shift + 2) % 3]}";
        }

        var order = relation == RelationKind.LeftOf
            ? stream.Pick<string>([" from left to right", " in a row from left to right"])
            : stream.Pick<string>([" from top to bottom", " in a column from top to bottom"]);
        return $"{phrases[0]}, {phrases[1]} and {phrases[2]}{order}";
    }

    private static string[] Links(RelationKind relation) => relation switch
    {
        RelationKind.LeftOf => [" to the left of ", " left of ", " is on the left side of "],
        RelationKind.RightOf => [" to the right of ", " right of ", " is on the right side of "],
        RelationKind.Above => [" above ", " over ", " is above "],
        RelationKind.Below => [" below ", " under ", " is below "],
        _ => [" inside ", " on ", " in the middle of "],
    };

    private static RelationKind Opposite(RelationKind relation) => relation switch
    {
        RelationKind.LeftOf => RelationKind.RightOf,
        RelationKind.RightOf => RelationKind.LeftOf,
        RelationKind.Above => RelationKind.Below,
        RelationKind.Below => RelationKind.Above,
        _ => relation,
    };

    private static string WithArticle(string words)
        => ("aeiou".Contains(words[0], StringComparison.Ordinal) ? "an " : "a ") + words;
}
