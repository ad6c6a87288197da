using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>Fields out of a sentence, as a list; then one field alone. The facts are those of the sentence, not of the world.</summary>
internal static class ExtractionTask
{
    private static readonly string[] Jobs = ["baker", "doctor", "sailor", "farmer", "painter", "weaver", "potter", "judge"];

    public static Conversation Draw(SeededStream stream)
    {
        var (name, town, job, age) = (stream.Pick(Person.Names), stream.Pick(Town.All).Name, stream.Pick(Jobs), stream.Between(20, 60));
        var sentence = stream.Pick<string>(
        [
            $"{name} is {Phrases.Article(job)} from {town} and is {age} years old.",
            $"In {town} we met {name}, {Phrases.Article(job)}, who is {age} years old.",
            $"At {age} years, {name} works as {Phrases.Article(job)} in {town}.",
        ]);
        var (field, answer) = stream.Pick<(string, string)>(
        [
            ("the age", $"The age given in the text is {age} years."),
            ("the town", $"The town given in the text is {town}."),
            ("the job", $"The job given in the text is {job}."),
        ]);
        return new Conversation(
            "extraction",
            [$"List the name, job, town and age: {sentence}", stream.Chance(0.5) ? $"Now give me only {field}." : $"I need {field} alone."],
            [$"Name: {name}\nJob: {job}\nTown: {town}\nAge: {age}", answer]);
    }
}
