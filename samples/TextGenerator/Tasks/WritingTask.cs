namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>A short story about an animal, a thing and a place; then the same story with another animal.</summary>
internal static class WritingTask
{
    private static readonly string[] Animals = ["fox", "owl", "bear", "mouse", "wolf", "hare", "otter", "crow", "badger", "deer"];
    private static readonly string[] Things = ["lantern", "key", "drum", "map", "coin", "bell", "mirror", "kite"];
    private static readonly string[] Places = ["forest", "valley", "cave", "garden", "desert", "swamp", "harbour", "meadow"];

    public static Conversation Draw(SeededStream stream)
    {
        var animals = stream.PickSome(Animals, 2);
        var (thing, place) = (stream.Pick(Things), stream.Pick(Places));
        var first = stream.Pick<string>(["Write a short story about", "Tell me a story about", "Please write a story about"]);
        var second = stream.Pick<string>(["Now tell it about", "Write it again, but about", "Change the story: make it about"]);
        return new Conversation(
            "writing",
            [$"{first} {Phrases.Article(animals[0])}, {Phrases.Article(thing)} and {Phrases.Article(place)}.", $"{second} {Phrases.Article(animals[1])}."],
            [Story(animals[0], thing, place), Story(animals[1], thing, place)]);
    }

    private static string Story(string animal, string thing, string place)
        => $"Once upon a time there was {Phrases.Article(animal)} who lived near the {place}. One day the {animal} found "
            + $"{Phrases.Article(thing)} in the {place}. The {animal} took the {thing} home and showed it to everyone. "
            + $"From that day on the {animal} was never without the {thing}.";
}
