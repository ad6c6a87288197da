namespace Orchestrator.Samples.PoolGenerator.Scenes;

/// <summary>Draws scenes: 45 % of one object, 40 % of two, 15 % of three.</summary>
internal static class SceneSampler
{
    private const double Margin = 0.02;

    private static readonly ShapeKind[] Containers =
        [ShapeKind.Circle, ShapeKind.Square, ShapeKind.Diamond, ShapeKind.Ring];

    private static readonly RelationKind[] SideBySide =
        [RelationKind.LeftOf, RelationKind.RightOf, RelationKind.Above, RelationKind.Below];

    public static Scene Draw(SeededStream stream)
    {
        var background = stream.Pick(Vocabulary.Backgrounds);
        var u = stream.NextDouble();
        var count = u < 0.45 ? 1 : u < 0.85 ? 2 : 3;
        var relation = count switch
        {
            1 => RelationKind.None,
            2 => stream.Chance(0.15) ? RelationKind.Inside : stream.Pick(SideBySide),
            _ => stream.Chance(0.5) ? RelationKind.LeftOf : RelationKind.Above,
        };
        var objects = new List<SceneObject>(count);
        while (objects.Count < count)
        {
            var next = DrawObject(stream, background, relation, objects.Count, count);
            var alike = objects.Any(o => o.Colour == next.Colour
                && (o.Shape == next.Shape || relation == RelationKind.Inside));
            if (!alike)
            {
                objects.Add(next);
            }
        }

        return new Scene(
            objects,
            relation,
            background,
            Gradient: stream.Chance(0.4),
            Clutter: stream.Chance(0.45) ? stream.Between(3, 24) : 0,
            Noise: stream.Chance(0.5) ? stream.Between(2.0, 14.0) : 0);
    }

    private static SceneObject DrawObject(
        SeededStream stream, BackgroundKind background, RelationKind relation, int place, int count)
    {
        var shape = stream.Pick(Vocabulary.Shapes);
        var texture = stream.Chance(0.5) ? TextureKind.Plain : stream.Pick(Vocabulary.Textures);
        var size = stream.Chance(0.5) ? SizeKind.Large : SizeKind.Small;
        if (relation == RelationKind.Inside)
        {
            size = place == 0 ? SizeKind.Small : SizeKind.Large;
            if (place == 1)
            {
                // The container stays plain: a small object on a pattern would be hard to make out at 64 pixels.
                shape = stream.Pick(Containers);
                texture = TextureKind.Plain;
            }
        }

        var colour = stream.Pick(Vocabulary.Colours);
        while (Blends(colour, background))
        {
            colour = stream.Pick(Vocabulary.Colours);
        }

        var radius = Radius(stream, relation, size, count);
        var (x, y) = Place(stream, relation, place, count);
        return new SceneObject(shape, colour, size, texture, Inside(x, radius), Inside(y, radius), radius);
    }

    private static double Radius(SeededStream stream, RelationKind relation, SizeKind size, int count)
        => (relation, size, count) switch
        {
            (RelationKind.Inside, SizeKind.Small, _) => stream.Between(0.11, 0.14),
            (RelationKind.Inside, SizeKind.Large, _) => stream.Between(0.32, 0.38),
            (_, SizeKind.Small, 1) => stream.Between(0.13, 0.18),
            (_, SizeKind.Large, 1) => stream.Between(0.29, 0.38),
            (_, SizeKind.Small, 2) => stream.Between(0.11, 0.14),
            (_, SizeKind.Large, 2) => stream.Between(0.19, 0.23),
            (_, SizeKind.Small, _) => stream.Between(0.09, 0.11),
            _ => stream.Between(0.14, 0.16),
        };

    private static (double X, double Y) Place(SeededStream stream, RelationKind relation, int place, int count)
    {
        if (relation == RelationKind.None)
        {
            return (stream.Between(0.2, 0.8), stream.Between(0.2, 0.8));
        }

        if (relation == RelationKind.Inside)
        {
            return (stream.Between(0.47, 0.53), stream.Between(0.47, 0.53));
        }

        var first = relation is RelationKind.LeftOf or RelationKind.Above;
        var along = count == 3
            ? 0.17 + 0.33 * place + stream.Between(-0.02, 0.02)
            : (place == 0) == first ? stream.Between(0.22, 0.28) : stream.Between(0.72, 0.78);
        var across = 0.5 + stream.Between(-0.14, 0.14);
        return relation is RelationKind.LeftOf or RelationKind.RightOf ? (along, across) : (across, along);
    }

    private static double Inside(double centre, double radius)
        => Math.Clamp(centre, radius + Margin, 1 - radius - Margin);

    /// <summary>Pairs that a person could miss at thumbnail size.</summary>
    private static bool Blends(ColourKind colour, BackgroundKind background) => (colour, background) is
        (ColourKind.Brown, BackgroundKind.Black) or
        (ColourKind.Purple, BackgroundKind.Black) or
        (ColourKind.Blue, BackgroundKind.Navy) or
        (ColourKind.Purple, BackgroundKind.Navy) or
        (ColourKind.Yellow, BackgroundKind.White) or
        (ColourKind.Yellow, BackgroundKind.Beige);
}
