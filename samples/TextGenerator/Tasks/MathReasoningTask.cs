using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>A story of two or three changes to a number of things; no number passes 40.</summary>
internal static class MathReasoningTask
{
    private static readonly string[] Things = ["apples", "coins", "books", "stamps", "shells", "nails", "eggs", "cards"];

    public static Conversation Draw(SeededStream stream)
    {
        var (name, things) = (stream.Pick(Person.Names), stream.Pick(Things));
        var (story, steps, have) = Start(stream, name, things);
        for (var left = stream.Between(1, 2); left > 0; left--)
        {
            var n = stream.Between(2, 12);
            var add = n >= have || (have + n <= 40 && stream.Chance(0.5));
            var after = add ? have + n : have - n;
            story += stream.Chance(0.5)
                ? $" Then {name} {(add ? "buys" : "sells")} {n}."
                : $" Then {name} {(add ? "finds" : "loses")} {n}.";
            steps += $" Then {have} {(add ? "+" : "-")} {n} = {after}.";
            have = after;
        }

        var question = stream.Chance(0.5) ? $"How many {things} does {name} have now?" : $"How many {things} are left for {name}?";
        return Conversation.OneTurn("math_reasoning", $"{story} {question}", $"{steps} So {name} has {have} {things}. The answer is {have}.");
    }

    private static (string Story, string Steps, int Have) Start(SeededStream stream, string name, string things)
    {
        if (stream.Chance(0.35))
        {
            var (boxes, each) = (stream.Between(2, 6), stream.Between(2, 6));
            return ($"{name} has {boxes} boxes with {each} {things} in each.", $"First {boxes} * {each} = {boxes * each}.", boxes * each);
        }

        var have = stream.Between(4, 30);
        return ($"{name} has {have} {things}.", $"At the start {name} has {have} {things}.", have);
    }
}
