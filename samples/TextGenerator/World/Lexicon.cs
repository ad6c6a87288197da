namespace Orchestrator.Samples.TextGenerator.World;

/// <summary>
/// Two made-up languages over the same meanings. Velan: subject, verb, object, place; adjective before noun; plural -en.
/// Oskic: place, subject, object, verb; adjective after noun; plural -im.
/// </summary>
internal static class Lexicon
{
    private const int Nouns = 24, Verbs = 12, Adjectives = 12, Places = 8;

    private static readonly string[] VelanSyllables = ["ta", "mi", "ro", "sul", "ve", "lan", "ki", "dor", "pe", "na", "fol", "bri"];
    private static readonly string[] OskicSyllables = ["osk", "gu", "zha", "ret", "vom", "ik", "hul", "dra", "yen", "tsu", "bak", "mol"];

    public static readonly IReadOnlyList<Word> Noun, Verb, Adjective, Place;

    static Lexicon()
    {
        var stream = new SeededStream(0, StreamPurpose.Lexicon, 0);
        var used = new HashSet<string>(StringComparer.Ordinal);
        var words = Enumerable.Range(0, Nouns + Verbs + Adjectives + Places)
            .Select(_ => new Word(NewWord(VelanSyllables, stream, used), NewWord(OskicSyllables, stream, used)))
            .ToArray();
        Noun = words[..Nouns];
        Verb = words[Nouns..(Nouns + Verbs)];
        Adjective = words[(Nouns + Verbs)..(Nouns + Verbs + Adjectives)];
        Place = words[(Nouns + Verbs + Adjectives)..];
    }

    private static string NewWord(string[] syllables, SeededStream stream, HashSet<string> used)
    {
        while (true)
        {
            var word = string.Concat(Enumerable.Range(0, stream.Between(2, 3)).Select(_ => stream.Pick(syllables)));
            if (used.Add(word))
            {
                return word;
            }
        }
    }
}

/// <summary>One meaning in both languages.</summary>
internal sealed record Word(string Velan, string Oskic);
