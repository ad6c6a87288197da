namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>A program for a drawing pen with one command a line; then the same program with one word changed.</summary>
internal static class CodingTask
{
    private static readonly string[] Shapes = ["square", "circle", "line", "star", "cross", "dot"];
    private static readonly string[] Inks = ["red", "blue", "green", "black", "yellow", "white"];

    public static Conversation Draw(SeededStream stream)
    {
        var shapes = stream.PickSome(Shapes, 3);
        var inks = stream.PickSome(Inks, 2);
        var opening = stream.Pick<string>(["Write a pen program that draws", "Give me a pen program for", "Program the pen to draw"]);
        return new Conversation(
            "coding",
            [
                $"{opening} {Phrases.Join([.. shapes.Select(Phrases.Article)])} in {inks[0]}.",
                stream.Chance(0.5) ? $"Now use {inks[1]} ink." : $"Change the ink to {inks[1]}.",
            ],
            [Program(shapes, inks[0]), Program(shapes, inks[1])]);
    }

    private static string Program(string[] shapes, string ink)
        => $"ink({ink})\ndown()\n" + string.Concat(shapes.Select(shape => $"draw({shape})\nmove()\n")) + "up()";
}
