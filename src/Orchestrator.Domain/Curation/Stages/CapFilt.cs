using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>Which of the texts that pass the filter are kept.</summary>
public enum CapFiltKeep
{
    /// <summary>All of them: BLIP's choice. A sample whose two captions pass becomes two samples of the output.</summary>
    Union,

    /// <summary>The one with the higher score; the web caption among equals.</summary>
    Best,

    /// <summary>The web caption where it passes, else the synthetic one (Nguyen 2023, arXiv 2307.10350).</summary>
    SyntheticWhereWebFails,
}

/// <summary>Texts of a sample.</summary>
[Flags]
public enum CaptionOrigins
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The caption that came with the picture.</summary>
    Web = 1,

    /// <summary>The captioner's.</summary>
    Synthetic = 2,
}

/// <summary>
/// <c>capfilt</c>: captioning and filtering (BLIP, arXiv 2201.12086, section 3.3). A captioner writes one caption for each
/// picture; a filter gives web and synthetic caption the probability that it describes the picture; captions below the
/// threshold are dropped. A sample without a caption left is rejected.
/// </summary>
/// <param name="Captioner">Name of a model folder of kind <c>blip-caption</c>.</param>
/// <param name="Filter">Name of a model folder of kind <c>blip-itm</c>.</param>
/// <param name="Threshold">Lowest probability of a match that passes, 0 to 1. Default 0.5, which its authors used.</param>
/// <param name="Keep">Which of the passing texts are kept. Default <c>union</c>.</param>
/// <param name="ReadsClassToken">True where the filter's text begins with <c>[CLS]</c> (<c>token: cls</c>); default <c>[ENC]</c>, as BLIP's retrieval code has it.</param>
/// <param name="Beam">True for beam search (<c>search: beam</c>); default nucleus sampling.</param>
/// <param name="TopP">Nucleus: the fewest tokens whose probabilities reach this are drawn from; above 0, at most 1. Default 0.9.</param>
/// <param name="TopK">Nucleus: most tokens drawn from, 0 for all. Default 50, as transformers' <c>generate</c> had it beneath BLIP's code.</param>
/// <param name="Beams">Beam: sequences kept at each step, 1 to 64. Default 3.</param>
/// <param name="RepetitionPenalty">Divides the scores of tokens already there, 0.1 to 10. Default 1.1 for nucleus, 1 for beam.</param>
/// <param name="MinLength">Fewest tokens, prompt included, 0 to 512; null (default) is what the model's manifest says, else 5.</param>
/// <param name="MaxLength">Most tokens, prompt included, 1 to 512; null (default) is what the model's manifest says, else 20.</param>
/// <param name="BatchSize">Pictures a run, 1 to 4,096. Default 32. Part of the document because the last bits of a score may depend on it.</param>
public sealed record CapFiltOptions(
    string Captioner,
    string Filter,
    double Threshold,
    CapFiltKeep Keep,
    bool ReadsClassToken,
    bool Beam,
    double TopP,
    int TopK,
    int Beams,
    double RepetitionPenalty,
    int? MinLength,
    int? MaxLength,
    int BatchSize) : StageOptions
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "capfilt";

    /// <summary>Signal: the better of the two probabilities.</summary>
    public const string BestSignal = TypeName;

    /// <summary>Signal: probability of the web caption.</summary>
    public const string WebSignal = "capfilt.web";

    /// <summary>Signal: probability of the synthetic caption; none where the captioner wrote nothing.</summary>
    public const string SyntheticSignal = "capfilt.synthetic";

    /// <summary>Text column: the synthetic caption.</summary>
    public const string CaptionTag = "capfilt.caption";

    /// <summary>Text column: the kept texts, <c>web</c>, <c>synthetic</c> or <c>web synthetic</c>; null where none is.</summary>
    public const string TextsTag = "capfilt.texts";

    /// <summary>Reason of samples without a caption that passes.</summary>
    public const string Rejected = "capfilt.threshold";

    private static readonly string[] KeepNames = ["union", "best", "synthetic-where-web-fails"];

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override IReadOnlyList<string> Models => [Captioner, Filter];

    /// <inheritdoc />
    public override IReadOnlyList<string> Signals => [BestSignal, WebSignal, SyntheticSignal];

    /// <inheritdoc />
    public override string MainSignal => BestSignal;

    /// <inheritdoc />
    public override IReadOnlyList<string> Readings => ["web", "synthetic"];

    /// <inheritdoc />
    public override IReadOnlyList<string> Tags => [CaptionTag, TextsTag];

    /// <summary>Reads the options.</summary>
    public static CapFiltOptions Read(DocumentScope scope)
    {
        var keep = scope.Choice("keep", KeepNames, KeepNames[0]);
        var beam = scope.Choice("search", ["nucleus", "beam"], "nucleus") == "beam";
        foreach (var field in (string[])(beam ? ["topP", "topK"] : ["beams"]))
        {
            if (scope.Has(field))
            {
                scope.Error(field, $"goes with search {(beam ? "nucleus" : "beam")} only");
            }
        }

        var options = new CapFiltOptions(
            scope.Name("captioner"),
            scope.Name("filter"),
            scope.Number("threshold", 0.5, 0, 1),
            (CapFiltKeep)Math.Max(0, Array.IndexOf(KeepNames, keep)),
            scope.Choice("token", ["enc", "cls"], "enc") == "cls",
            beam,
            beam ? 1 : scope.Number("topP", 0.9, 0, 1, aboveMin: true),
            beam ? 0 : (int)scope.Whole("topK", 50, 0, 1_000_000),
            beam ? (int)scope.Whole("beams", 3, 1, 64) : 0,
            scope.Number("repetitionPenalty", beam ? 1 : 1.1, 0.1, 10),
            scope.Has("minLength") ? (int)scope.Whole("minLength", null, 0, 512) : null,
            scope.Has("maxLength") ? (int)scope.Whole("maxLength", null, 1, 512) : null,
            (int)scope.Whole("batchSize", 32, 1, 4096));
        if (options.MaxLength < options.MinLength)
        {
            scope.Error("maxLength", $"is below minLength {options.MinLength}: both count the prompt's tokens");
        }

        return options;
    }

    /// <inheritdoc />
    public override void CheckLinks(DocumentScope scope, IReadOnlyList<StageOptions> stages)
    {
        if (!ReferenceEquals(stages.OfType<CapFiltOptions>().First(), this))
        {
            scope.Error("type", "a document has one capfilt stage at most");
        }
    }

    /// <inheritdoc />
    public override JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["type"] = TypeName,
            ["captioner"] = Captioner,
            ["filter"] = Filter,
            ["threshold"] = Threshold,
            ["keep"] = KeepNames[(int)Keep],
            ["token"] = ReadsClassToken ? "cls" : "enc",
            ["search"] = Beam ? "beam" : "nucleus",
        };
        if (Beam)
        {
            json["beams"] = Beams;
        }
        else
        {
            json["topP"] = TopP;
            json["topK"] = TopK;
        }

        json["repetitionPenalty"] = RepetitionPenalty;
        json["minLength"] = MinLength;
        json["maxLength"] = MaxLength;
        json["batchSize"] = BatchSize;
        return json;
    }
}

/// <summary>The rules of <c>capfilt</c>, pure.</summary>
public static class CapFiltRule
{
    // The sample's own stream of chance; 0 is the draw of k-means, 1 that of balance.
    private const ulong Stream = 2;

    /// <summary>Seed of a sample's caption: of the job's seed and the sample's uid, so that neither batch nor worker matters.</summary>
    /// <param name="seed">Seed of the job.</param>
    /// <param name="high">High word of the uid.</param>
    /// <param name="low">Low word of the uid.</param>
    public static ulong SeedOf(long seed, ulong high, ulong low) => SampleChance.Bits(seed, Stream, high, low);

    /// <summary>Which texts are kept.</summary>
    /// <param name="threshold">As in the options; compared in single precision, as scores are stored.</param>
    /// <param name="keep">As in the options.</param>
    /// <param name="web">Probability of the web caption, in [0, 1].</param>
    /// <param name="synthetic">Of the synthetic one; NaN where there is none, which never passes.</param>
    public static CaptionOrigins Judge(double threshold, CapFiltKeep keep, float web, float synthetic)
    {
        var least = (float)threshold;
        var passing = (web >= least ? CaptionOrigins.Web : 0) | (synthetic >= least ? CaptionOrigins.Synthetic : 0);
        return passing != (CaptionOrigins.Web | CaptionOrigins.Synthetic) ? passing : keep switch
        {
            CapFiltKeep.Union => passing,
            CapFiltKeep.Best => synthetic > web ? CaptionOrigins.Synthetic : CaptionOrigins.Web,
            CapFiltKeep.SyntheticWhereWebFails => CaptionOrigins.Web,
            _ => throw new ArgumentOutOfRangeException(nameof(keep), keep, "There is no such choice."),
        };
    }

    /// <summary>Origins as <see cref="CapFiltOptions.TextsTag"/> spells them; null for none.</summary>
    public static string? TagOf(CaptionOrigins origins) => origins switch
    {
        CaptionOrigins.None => null,
        CaptionOrigins.Web => "web",
        CaptionOrigins.Synthetic => "synthetic",
        _ => "web synthetic",
    };

    /// <summary>Reads <see cref="CapFiltOptions.TextsTag"/>.</summary>
    /// <exception cref="FormatException">The column holds something else.</exception>
    public static CaptionOrigins OriginsOf(string? tag) => tag switch
    {
        null or "" => CaptionOrigins.None,
        "web" => CaptionOrigins.Web,
        "synthetic" => CaptionOrigins.Synthetic,
        "web synthetic" => CaptionOrigins.Web | CaptionOrigins.Synthetic,
        _ => throw new FormatException($"{CapFiltOptions.TextsTag}: '{tag}' is not web, synthetic or both."),
    };
}
