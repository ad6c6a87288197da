using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>Two or three sentences from one made-up language into the other, by <see cref="Lexicon"/> and its word order.</summary>
internal static class TranslationTask
{
    public static Conversation Draw(SeededStream stream)
    {
        var sentences = Enumerable.Range(0, stream.Between(2, 3)).Select(_ => Sentence.Draw(stream)).ToArray();
        var velan = string.Join(' ', sentences.Select(s => s.Velan()));
        var oskic = string.Join(' ', sentences.Select(s => s.Oskic()));
        var toOskic = stream.Chance(0.5);
        var (source, target) = toOskic ? ("Velan", "Oskic") : ("Oskic", "Velan");
        var opening = stream.Pick<string>([$"Translate from {source} to {target}:", $"Say this in {target}:", $"Put this {source} text into {target}:"]);
        return Conversation.OneTurn("translation", $"{opening} {(toOskic ? velan : oskic)}", toOskic ? oskic : velan);
    }

    private sealed record Phrase(Word Noun, Word? Adjective, bool Plural)
    {
        public static Phrase Draw(SeededStream stream) => new(
            stream.Pick(Lexicon.Noun), stream.Chance(0.5) ? stream.Pick(Lexicon.Adjective) : null, stream.Chance(0.35));

        public string Velan() => (Adjective is null ? "" : Adjective.Velan + " ") + Noun.Velan + (Plural ? "en" : "");

        public string Oskic() => Noun.Oskic + (Plural ? "im" : "") + (Adjective is null ? "" : " " + Adjective.Oskic);
    }

    private sealed record Sentence(Phrase Subject, Word Verb, Phrase Object, Word? Place)
    {
        public static Sentence Draw(SeededStream stream) => new(
            Phrase.Draw(stream), stream.Pick(Lexicon.Verb), Phrase.Draw(stream), stream.Chance(0.5) ? stream.Pick(Lexicon.Place) : null);

        public string Velan() => $"{Subject.Velan()} {Verb.Velan} {Object.Velan()}{(Place is null ? "" : " so " + Place.Velan)}.";

        public string Oskic() => $"{(Place is null ? "" : Place.Oskic + " go ")}{Subject.Oskic()} {Object.Oskic()} {Verb.Oskic}.";
    }
}
