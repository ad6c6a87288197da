namespace Orchestrator.Domain.Curation.Synsets;

/// <summary>
/// WordNet's morphology of nouns (morph.c of WordNet 3.0; manual page morphy(7WN)): the exception list first, else the first rule of
/// detachment that leads to a noun; only forms that the dictionary has count.
/// </summary>
/// <remarks>
/// <c>boxes</c>: not in the list; the rules make <c>boxe</c> and <c>box</c>, of which the dictionary has the second. <c>children</c>: the list
/// says <c>child</c>. NLTK's copy differs: it also has a rule ves to f (wolves and the like are in the list), tries words of two letters and
/// words in -ss (<c>us</c> becomes <c>u</c> there), takes all rules that fit (<c>pixies</c>: <c>pixie</c> and <c>pixy</c>), and applies them again and again.
/// </remarks>
public static class NounMorphy
{
    private static readonly (string Suffix, string Ending)[] Rules =
        [("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"), ("ies", "y")];

    /// <summary>Base forms of a word that the dictionary has, without repeats, the word itself first where it is one.</summary>
    /// <param name="word">Lower case, not empty.</param>
    /// <param name="nouns">The dictionary.</param>
    public static IReadOnlyList<string> Forms(string word, INounDictionary nouns)
    {
        List<string> forms = [word];
        forms.AddRange(nouns.Exceptions(word) is { Count: > 0 } irregular ? irregular : Detached(word).Where(f => nouns.Find(f) is not null).Take(1));
        return [.. forms.Where(f => f.Length > 0 && nouns.Find(f) is not null).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The shortest of <see cref="Forms"/>, the first among equals, as NLTK's lemmatiser and so CatLIP choose; null where there is none.</summary>
    public static string? Lemma(string word, INounDictionary nouns) => Forms(word, nouns).MinBy(f => f.Length);

    private static IEnumerable<string> Detached(string word)
    {
        // A measure holds its plural inside: boxesful is boxful.
        var (stem, end) = word.EndsWith("ful", StringComparison.Ordinal) ? (word[..^3], "ful") : (word, "");
        return end.Length == 0 && (word.EndsWith("ss", StringComparison.Ordinal) || word.Length <= 2)
            ? []
            : Rules.Where(r => stem.EndsWith(r.Suffix, StringComparison.Ordinal)).Select(r => stem[..^r.Suffix.Length] + r.Ending + end);
    }
}
