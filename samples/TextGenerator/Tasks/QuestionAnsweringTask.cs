using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>Facts of the small world, asked without any text to read them from.</summary>
internal static class QuestionAnsweringTask
{
    private static readonly (string Asked, Func<Person, string> Told)[] Facts =
    [
        ("home town", p => $"{p.Name} lives in {p.Town}."),
        ("job", p => $"{p.Name} works as {Phrases.Article(p.Job)}."),
        ("pet", p => $"{p.Name} keeps {Phrases.Article(p.Pet)} as a pet."),
        ("favourite food", p => $"{p.Name} likes to eat {p.Food}."),
        ("favourite colour", p => $"{p.Name} likes the colour {p.Colour}."),
        ("instrument", p => $"{p.Name} plays the {p.Instrument}."),
    ];

    public static Conversation Draw(SeededStream stream)
    {
        if (stream.Chance(0.4))
        {
            var people = stream.PickSome(Person.All, 3);
            var (asked, told) = stream.Pick(Facts);
            return Conversation.OneTurn(
                "qa", $"What is the {asked} of {Phrases.Join([.. people.Select(p => p.Name)])}?", string.Join(' ', people.Select(told)));
        }

        var person = stream.Pick(Person.All);
        var facts = stream.PickSome(Facts, stream.Between(2, 4));
        var list = Phrases.Join([.. facts.Select(f => f.Asked)]);
        var question = stream.Pick<string>([$"What do you know about {person.Name}: {list}?", $"Tell me the {list} of {person.Name}.", $"Name the {list} of {person.Name}."]);
        return Conversation.OneTurn("qa", question, string.Join(' ', facts.Select(f => f.Told(person))));
    }
}
