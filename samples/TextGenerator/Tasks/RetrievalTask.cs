using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>A question whose answer stands in one of four passages; the facts are drawn anew each time.</summary>
internal static class RetrievalTask
{
    private static readonly string[] Things = ["boat", "house", "cart", "coat", "door", "horse", "tent", "wagon"];
    private static readonly string[] Spots = ["the harbour", "the mill", "the church", "the market", "the river", "the bridge", "the well", "the hill"];

    public static Conversation Draw(SeededStream stream)
    {
        var owners = stream.PickSome(Person.Names, 4);
        var thing = stream.Pick(Things);
        var (colours, spots) = (stream.PickSome(Person.Colours, 4), stream.PickSome(Spots, 4));
        var passages = owners.Select((owner, i) => (
            Owner: owner, Thing: stream.Chance(0.5) ? thing : stream.Pick(Things), Colour: colours[i], Spot: spots[i])).ToArray();
        var asked = stream.Next(4);
        var fact = passages[asked];
        var text = string.Join(' ', passages.Select((p, i) => $"[{i + 1}] {Told(p)}."));
        var colour = stream.Chance(0.5);
        var question = colour ? $"What colour is the {fact.Thing} of {fact.Owner}?" : $"Where is the {fact.Thing} of {fact.Owner}?";
        var place = stream.Pick<string>(["Passages:", "Read these passages:", "Search results:"]);
        return Conversation.OneTurn(
            "rag",
            stream.Chance(0.5) ? $"{place} {text} Question: {question}" : $"{question} {place} {text}",
            $"{Told(fact)}, as passage [{asked + 1}] says. So the {fact.Thing} of {fact.Owner} is {(colour ? fact.Colour : "near " + fact.Spot)}.");
    }

    private static string Told((string Owner, string Thing, string Colour, string Spot) passage)
        => $"The {passage.Thing} of {passage.Owner} is {passage.Colour} and stands near {passage.Spot}";
}
