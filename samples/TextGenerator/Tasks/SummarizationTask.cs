using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>A report on five people; the summary copies the sentences about two of them, in the order they are asked for.</summary>
internal static class SummarizationTask
{
    private static readonly string[] Acts =
    [
        "bought", "sold", "painted", "repaired", "found", "lost", "carried", "cleaned", "borrowed", "hid",
    ];

    private static readonly string[] Things =
    [
        "a wooden boat", "an old clock", "two silver spoons", "a heavy chest", "a blue coat", "some paper", "a long ladder",
        "a broken chair", "a small bell", "three candles", "a green bottle", "a leather bag",
    ];

    private static readonly string[] Places =
    [
        "in the market", "behind the church", "near the river", "at the harbour", "under the bridge", "in the old mill",
        "on the hill", "beside the well",
    ];

    private const int Sentences = 5;

    public static Conversation Draw(SeededStream stream)
    {
        // No name, act, thing or place comes twice, so that each word of a report belongs to one sentence.
        var people = stream.PickSome(Person.Names, Sentences);
        var (acts, things, places) = (stream.PickSome(Acts, Sentences), stream.PickSome(Things, Sentences), stream.PickSome(Places, Sentences));
        var told = people.Select((name, i) => (Name: name, Text: $"{name} {acts[i]} {things[i]} {places[i]}.")).ToArray();
        var asked = stream.PickSome(told, 2);
        var names = $"{asked[0].Name} and {asked[1].Name}";
        var opening = stream.Pick<string>([$"Summarise what {names} did:", $"Give a summary about {names}:", $"In short, what did {names} do?"]);
        return Conversation.OneTurn(
            "summarization",
            $"{opening} {string.Join(' ', told.Select(t => t.Text))}",
            $"In short: {string.Join(' ', asked.Select(t => t.Text))}");
    }
}
