using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>
/// <c>synset-labels</c>: the nouns of a caption as WordNet synsets, the labels on which CatLIP trains (arXiv 2404.15653;
/// wordnet_tagged_classification.py of its repository). Each word is brought to its base form (<see cref="Synsets.NounMorphy"/>) and stands
/// for the first synset of that form. Labels are kept as a text column; those that fewer than minCount candidates have are left out
/// of it over the whole pool, and the others are counted in <c>synsets.json</c>, most frequent first, which is CatLIP's vocabulary file.
/// </summary>
/// <param name="Dictionary">Folder with <c>index.noun</c>, <c>data.noun</c> and <c>noun.exc</c> in WordNet's database format.</param>
/// <param name="MinCount">Candidates that must have a label for it to count, 1 to 10^12. Default 1.</param>
/// <param name="MaxLabels">Labels kept of a sample: the first of its caption. 1 to 1,000. Default 64.</param>
/// <param name="Synonyms">
/// False (default) takes only words that are the first name of their synset, as CatLIP does (car, not automobile); true takes any.
/// </param>
/// <param name="RequireLabel">True rejects candidates that end up without a label. Default false.</param>
public sealed record SynsetLabelsOptions(string Dictionary, long MinCount, int MaxLabels, bool Synonyms, bool RequireLabel) : StageOptions
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "synset-labels";

    /// <summary>Text column: labels in the order of the caption, with spaces between; a label is <c>n</c> and the synset's offset, not padded.</summary>
    public const string LabelsTag = "synset-labels.labels";

    /// <summary>Reason of samples without a label.</summary>
    public const string Unlabelled = "synset-labels.unlabelled";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override IReadOnlyList<string> Tags => [LabelsTag];

    /// <inheritdoc />
    public override bool JudgesPool => true;

    /// <summary>Reads the options.</summary>
    public static SynsetLabelsOptions Read(DocumentScope scope) => new(
        scope.Text("dictionary", maxLength: 4096),
        scope.Whole("minCount", 1, 1, 1_000_000_000_000),
        (int)scope.Whole("maxLabels", 64, 1, 1_000),
        scope.Flag("synonyms", false),
        scope.Flag("requireLabel", false));

    /// <inheritdoc />
    public override void CheckLinks(DocumentScope scope, IReadOnlyList<StageOptions> stages)
    {
        if (!ReferenceEquals(stages.OfType<SynsetLabelsOptions>().First(), this))
        {
            scope.Error("type", "a document has one synset-labels stage at most");
        }
    }

    /// <inheritdoc />
    public override JsonObject ToJson() => new()
    {
        ["type"] = TypeName, ["dictionary"] = Dictionary, ["minCount"] = MinCount, ["maxLabels"] = MaxLabels, ["synonyms"] = Synonyms,
        ["requireLabel"] = RequireLabel,
    };
}
