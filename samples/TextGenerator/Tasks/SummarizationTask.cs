using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>A report on three people; the summary copies the sentences about one of them.</summary>
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

    public static Conversation Draw(SeededStream stream)
    {
        var people = stream.PickSome(Person.Names, 3);
        var own = stream.Between(2, 4);
        var who = Enumerable.Repeat(people[0], own).Concat(Enumerable.Range(0, 7 - own).Select(_ => people[1 + stream.Next(2)])).ToArray();
        // No act, thing or place comes twice, so that each word of a report belongs to one sentence.
        var (acts, things, places) = (stream.PickSome(Acts, who.Length), stream.PickSome(Things, who.Length), stream.PickSome(Places, who.Length));
        var told = stream.PickSome(who, who.Length)
            .Select((name, i) => (Name: name, Text: $"{name} {acts[i]} {things[i]} {places[i]}."))
            .ToArray();
        var opening = stream.Pick<string>([$"Summarise what {people[0]} did:", $"Give a summary about {people[0]}:", $"In short, what did {people[0]} do?"]);
        return Conversation.OneTurn(
            "summarization",
            $"{opening} {string.Join(' ', told.Select(t => t.Text))}",
            $"In short: {string.Join(' ', told.Where(t => t.Name == people[0]).Select(t => t.Text))}");
    }
}
