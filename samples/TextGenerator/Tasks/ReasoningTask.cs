using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>An order of three people from two comparisons: one end of it, then the other.</summary>
internal static class ReasoningTask
{
    private static readonly (string More, string Most, string Least)[] Scales =
    [
        ("older", "oldest", "youngest"), ("taller", "tallest", "shortest"), ("faster", "fastest", "slowest"), ("richer", "richest", "poorest"),
    ];

    public static Conversation Draw(SeededStream stream)
    {
        var people = stream.PickSome(Person.Names, 3);
        var (more, most, least) = stream.Pick(Scales);
        string[] facts = [$"{people[0]} is {more} than {people[1]}.", $"{people[1]} is {more} than {people[2]}."];
        var told = stream.Chance(0.5) ? $"{facts[0]} {facts[1]}" : $"{facts[1]} {facts[0]}";
        var reason = $"{people[0]} is {more} than {people[1]}, and {people[1]} is {more} than {people[2]}.";
        var top = $"{reason} So {people[0]} is the {most} of the three.";
        var bottom = $"{reason} So {people[2]} is the {least} of the three.";
        return stream.Chance(0.5)
            ? new Conversation("reasoning", [$"{told} Who is the {most}?", $"And who is the {least}?"], [top, bottom])
            : new Conversation("reasoning", [$"{told} Who is the {least}?", $"And who is the {most}?"], [bottom, top]);
    }
}
