using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>Properties of one material, then of another.</summary>
internal static class StemTask
{
    private static readonly string[] Properties = ["float on water", "melt in a fire", "carry a current"];

    public static Conversation Draw(SeededStream stream)
    {
        var materials = stream.PickSome(Material.All, 2);
        var asked = stream.PickSome([0, 1, 2], 2);
        var form = stream.Next(3);
        var question = form switch
        {
            0 => $"Does {materials[0].Name} {Properties[asked[0]]}, and does it {Properties[asked[1]]}?",
            1 => $"Tell me if {materials[0].Name} can {Properties[asked[0]]} and {Properties[asked[1]]}.",
            _ => $"Can {materials[0].Name} {Properties[asked[0]]}? Can it {Properties[asked[1]]}?",
        };
        var second = stream.Chance(0.5) ? $"And what about {materials[1].Name}?" : $"How is it with {materials[1].Name}?";
        return new Conversation("stem", [question, second], [Answer(materials[0], asked), Answer(materials[1], asked)]);
    }

    private static string Answer(Material material, int[] asked)
        => $"{Phrases.Capital(material.Name)} is {Kind(material)}. " + string.Join(' ', asked.Select(p => Sentence(material, p)));

    private static string Kind(Material material)
        => material.Family is "wood" or "melted sand" ? $"a kind of {material.Family}" : Phrases.Article(material.Family);

    private static string Sentence(Material material, int property)
    {
        bool[] has = [material.Floats, material.Melts, material.Conducts];
        return $"{Phrases.Capital(material.Name)} {(has[property] ? "does" : "does not")} {Properties[property]}.";
    }
}
