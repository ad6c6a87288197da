using System.Globalization;
using System.Text.RegularExpressions;

namespace Orchestrator.Domain.Curation.Synsets;

/// <summary>
/// Labels of a caption (<see cref="Stages.SynsetLabelsOptions"/>). As CatLIP: percent escapes are undone, <c>+</c> is a space, tags go, lower case; then
/// every word is looked up.
/// </summary>
/// <remarks>
/// A word is a run of letters, digits and marks, with hyphens, apostrophes and full stops inside; a possessive <c>'s</c> is taken off. NLTK's word_tokenize,
/// which CatLIP uses, also splits contractions, whose parts are no nouns, and leaves words joined by <c>/</c> or <c>_</c> together. ftfy, which
/// repairs wrongly decoded text, is not carried out.
/// </remarks>
/// <param name="nouns">The dictionary.</param>
/// <param name="synonyms">Whether a word counts that is not the first name of its synset.</param>
public sealed partial class SynsetLabeller(INounDictionary nouns, bool synonyms)
{
    /// <summary>Labels in the order of the caption, without repeats.</summary>
    public IReadOnlyList<string> Label(string caption)
    {
        var labels = new List<string>();
        foreach (var word in Words(caption))
        {
            if (NounMorphy.Lemma(word, nouns) is { } lemma && nouns.Find(lemma) is { } synset && (synonyms || synset.Name == lemma)
                && LabelOf(synset) is var label && !labels.Contains(label))
            {
                labels.Add(label);
            }
        }

        return labels;
    }

    /// <summary>CatLIP's name of a synset: <c>n</c> and the offset, without leading zeros.</summary>
    public static string LabelOf(NounSynset synset) => string.Create(CultureInfo.InvariantCulture, $"n{synset.Offset}");

    /// <summary>The words of a caption, lower case.</summary>
    internal static IEnumerable<string> Words(string caption)
    {
        var text = Tag().Replace(Uri.UnescapeDataString(caption).Replace('+', ' '), "").ToLowerInvariant().Replace('\u2019', '\'');
        return Word().Matches(text).Select(m => m.Value.EndsWith("'s", StringComparison.Ordinal) ? m.Value[..^2] : m.Value);
    }

    [GeneratedRegex("<.*?>", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();

    [GeneratedRegex(@"[\p{L}\p{N}\p{M}]+(?:['.\-]+[\p{L}\p{N}\p{M}]+)*", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
