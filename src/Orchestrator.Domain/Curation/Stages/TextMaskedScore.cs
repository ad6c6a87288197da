using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>
/// <c>text-masked-score</c>: the CLIP score of a picture whose text has been painted over (T-MARS, arXiv 2307.03132): a pair whose score rests on
/// the caption being written in the picture loses it. A detector gives the probability of text over the picture; regions above the threshold
/// become boxes, which grow a little and are filled with the mean colour around them.
/// </summary>
/// <param name="Model">Name of a model folder of kind <c>clip</c>.</param>
/// <param name="As">Name of the signal. Default <c>masked</c>. <c>{as}.area</c>, the share of the picture that was painted over, stands beside it.</param>
/// <param name="BatchSize">See <see cref="PairScoreOptions"/>.</param>
/// <param name="KeepEmbeddings">See <see cref="PairScoreOptions"/>; these are embeddings of the masked pictures.</param>
/// <param name="Detector">Name of a model folder of kind <c>text-detector</c>.</param>
/// <param name="Threshold">Least probability of text, above 0, up to 1. Default 0.5.</param>
/// <param name="Grow">By how much of its shorter side a box grows on each side, 0 to 4. Default 0.25: detectors mark the inside of a line.</param>
/// <param name="MinSide">Least shorter side of a region in cells of the detector's map, 1 to 1,000. Default 2.</param>
public sealed record TextMaskedScoreOptions(
    string Model, string As, int BatchSize, bool KeepEmbeddings, string Detector, double Threshold, double Grow, int MinSide)
    : PairScoreOptions(Model, As, BatchSize, KeepEmbeddings)
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "text-masked-score";

    /// <summary>Kind of the detector's folder.</summary>
    public const string DetectorKind = "text-detector";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override string ModelKind => ClipScoreOptions.Kind;

    /// <inheritdoc />
    public override IReadOnlyList<string> Models => [Model, Detector];

    /// <inheritdoc />
    public override IReadOnlyList<string> Signals => [As, $"{As}.area"];

    /// <inheritdoc />
    public override IReadOnlyList<string> Readings => [Cosine, "area"];

    /// <summary>None: the digest that stands beside kept embeddings is of the picture as it came, not of the masked one.</summary>
    public override IReadOnlyList<string> Tags => [];

    /// <summary>Reads the options.</summary>
    public static TextMaskedScoreOptions Read(DocumentScope scope) => new(
        scope.Name("model"),
        scope.Name("as", "masked"),
        (int)scope.Whole("batchSize", 32, 1, 4096),
        scope.Flag("keepEmbeddings", false),
        scope.Name("detector"),
        scope.Number("threshold", 0.5, 0, 1, aboveMin: true),
        scope.Number("grow", 0.25, 0, 4),
        (int)scope.Whole("minSide", 2, 1, 1_000));

    /// <inheritdoc />
    public override JsonObject ToJson()
    {
        var json = base.ToJson();
        json.Remove("embeddingsFrom");
        json["detector"] = Detector;
        json["threshold"] = Threshold;
        json["grow"] = Grow;
        json["minSide"] = MinSide;
        return json;
    }
}
