using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>The history of a town, then which of two towns is older.</summary>
internal static class HumanitiesTask
{
    public static Conversation Draw(SeededStream stream)
    {
        var towns = stream.PickSome(Town.All, 2);
        var opening = stream.Pick<string>(["Tell me about the history of", "What do you know about the past of", "Who founded", "How old is", "Describe the town of"]);
        var question = opening + " " + towns[0].Name + (opening.StartsWith("Tell", StringComparison.Ordinal) || opening.StartsWith("Describe", StringComparison.Ordinal) ? "." : "?");
        var second = stream.Pick<string>(["Is it older than", "Which is older, this town or", "Compare its age with that of"])
            + $" {towns[1].Name}";
        var older = towns[0].Founded < towns[1].Founded ? towns[0] : towns[1];
        return new Conversation(
            "humanities",
            [question, second + (second.StartsWith("Compare", StringComparison.Ordinal) ? "." : "?")],
            [
                $"{towns[0].Name} was founded in {towns[0].Founded} by {towns[0].Founder}. The first thing they built was the "
                    + $"{towns[0].Building}. Today {towns[0].Name} is known for its {towns[0].Product}.",
                $"{towns[0].Name} was founded in {towns[0].Founded}, and {towns[1].Name} was founded in {towns[1].Founded}. "
                    + $"So {older.Name} is the older town.",
            ]);
    }
}
