using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>A sum of two small numbers, then a change to the result.</summary>
internal static class MathTalkTask
{
    public static Conversation Draw(SeededStream stream)
    {
        var (a, b) = (stream.Between(1, 12), stream.Between(1, 12));
        var (sum, c) = (a + b, stream.Between(1, 9));
        var more = c >= sum || stream.Chance(0.5);
        var result = more ? sum + c : sum - c;
        var opening = stream.Pick<string>(["What is", "Please work out", "Tell me"]);
        var change = more ? $"Now add {c}." : $"Now take away {c}.";
        return new Conversation(
            "math",
            [$"{opening} {a} + {b}.", change],
            [
                $"We start with {a} and add {b}. That gives {a} + {b} = {sum}. The answer is {sum}.",
                $"We had {sum} and {(more ? "add" : "take away")} {c}. That gives {sum} {(more ? "+" : "-")} {c} = {result}. The answer is {result}.",
            ]);
    }
}
