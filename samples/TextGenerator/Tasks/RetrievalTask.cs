using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>
/// A question whose answer stands in one of four passages; the facts are drawn anew each time. No owner, colour, thing or
/// place comes twice, so each word of a passage belongs to it alone; the answer quotes the passage with its number.
/// </summary>
internal static class RetrievalTask
{
    private static readonly string[] Things = ["boat", "house", "cart", "coat", "door", "horse", "tent", "wagon"];
    private static readonly string[] Spots =
    [
        "at the harbour", "in the mill", "behind the church", "outside the market", "near the river", "under the bridge",
        "beside the well", "on the hill",
    ];

    public static Conversation Draw(SeededStream stream)
    {
        var (owners, colours) = (stream.PickSome(Person.Names, 4), stream.PickSome(Person.Colours, 4));
        var (things, spots) = (stream.PickSome(Things, 4), stream.PickSome(Spots, 4));
        var passages = owners.Select((owner, i) => (Owner: owner, Thing: things[i], Colour: colours[i], Spot: spots[i])).ToArray();
        var asked = stream.Next(4);
        var fact = passages[asked];
        var text = string.Join(' ', passages.Select((p, i) => $"{Told(p)} [{i + 1}]."));
        var colour = stream.Chance(0.5);
        var question = colour ? $"What colour is the {fact.Thing} of {fact.Owner}?" : $"Where is the {fact.Thing} of {fact.Owner}?";
        var place = stream.Pick<string>(["Passages:", "Read these passages:", "Search results:"]);
        return Conversation.OneTurn(
            "rag",
            stream.Chance(0.5) ? $"{place} {text} Question: {question}" : $"{question} {place} {text}",
            $"Found: {Told(fact)} [{asked + 1}]. So the {fact.Thing} of {fact.Owner} is {(colour ? fact.Colour : fact.Spot)}.");
    }

    private static string Told((string Owner, string Thing, string Colour, string Spot) passage)
        => $"{passage.Owner}'s {passage.Colour} {passage.Thing} is {passage.Spot}";
}
