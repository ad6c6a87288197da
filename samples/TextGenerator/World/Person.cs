namespace Orchestrator.Samples.TextGenerator.World;

/// <summary>A person of the small world; a model has to learn the six facts by heart.</summary>
internal sealed record Person(string Name, string Town, string Job, string Pet, string Food, string Colour, string Instrument)
{
    public static readonly IReadOnlyList<string> Names =
    [
        "Mira", "Oren", "Tessa", "Bruno", "Lena", "Pavel", "Nadia", "Hugo", "Clara", "Ivan",
        "Selma", "Felix", "Greta", "Milo", "Vera", "Anton", "Rosa", "Emil", "Judit", "Karl",
    ];

    private static readonly string[] Jobs = ["doctor", "teacher", "sailor", "farmer", "painter", "judge", "tailor", "pilot", "cook", "nurse"];
    private static readonly string[] Pets = ["cat", "dog", "parrot", "rabbit", "goat", "pony", "turtle", "goose"];
    private static readonly string[] Foods = ["soup", "rice", "plums", "noodles", "cheese", "trout", "beans", "pancakes"];
    private static readonly string[] Instruments = ["violin", "flute", "drum", "harp", "piano", "trumpet", "cello", "guitar"];

    public static readonly IReadOnlyList<string> Colours = ["red", "blue", "green", "yellow", "white", "black", "brown", "purple"];

    public static readonly IReadOnlyList<Person> All = [.. Names.Select((name, index) => Draw(name, index))];

    private static Person Draw(string name, int index)
    {
        var stream = new SeededStream(0, StreamPurpose.World, index);
        return new Person(
            name, stream.Pick(World.Town.All).Name, stream.Pick(Jobs), stream.Pick(Pets), stream.Pick(Foods),
            stream.Pick(Colours), stream.Pick(Instruments));
    }
}
