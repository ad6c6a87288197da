namespace Orchestrator.Domain.Curation.Synsets;

/// <summary>The nouns of a WordNet database. Safe for concurrent use.</summary>
public interface INounDictionary
{
    /// <summary>The first, that is most frequent, synset of a noun; null where it is none.</summary>
    /// <param name="lemma">Lower case.</param>
    NounSynset? Find(string lemma);

    /// <summary>Base forms of an irregular plural, from <c>noun.exc</c>; empty where it is none.</summary>
    /// <param name="form">Lower case.</param>
    IReadOnlyList<string> Exceptions(string form);
}

/// <summary>A set of nouns with one meaning.</summary>
/// <param name="Offset">Its place in <c>data.noun</c>, by which it is named.</param>
/// <param name="Name">Its first word, lower case.</param>
public readonly record struct NounSynset(long Offset, string Name);
