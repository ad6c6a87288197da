using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>
/// <c>siglip-score</c>: cosine, logit and probability of image and caption under a SigLIP model (Zhai 2023, arXiv 2303.15343,
/// section 3): logit = scale x cosine + bias, probability = 1 / (1 + e^-logit), scale and bias from the model's manifest. The
/// three rank pairs alike; only a fixed threshold needs scale and bias. A good pair's probability is often 0.1 to 0.3, so there
/// is no default threshold.
/// </summary>
/// <param name="Model">Name of a model folder of kind <c>siglip</c>.</param>
/// <param name="As">
/// Name of the signal, the cosine. Default <c>siglip</c>. <c>{as}.logit</c> and <c>{as}.probability</c> stand beside it;
/// <c>select</c> asks for them with <c>of: logit</c> and <c>of: probability</c>.
/// </param>
/// <param name="BatchSize">See <see cref="PairScoreOptions"/>.</param>
/// <param name="KeepEmbeddings">See <see cref="PairScoreOptions"/>.</param>
public sealed record SiglipScoreOptions(string Model, string As, int BatchSize, bool KeepEmbeddings = false)
    : PairScoreOptions(Model, As, BatchSize, KeepEmbeddings)
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "siglip-score";

    /// <summary>Kind of its model folder.</summary>
    public const string Kind = "siglip";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override string ModelKind => Kind;

    /// <inheritdoc />
    public override IReadOnlyList<string> Signals => [As, $"{As}.logit", $"{As}.probability"];

    /// <inheritdoc />
    public override IReadOnlyList<string> Readings => [Cosine, "logit", "probability"];

    /// <summary>Reads the options.</summary>
    public static SiglipScoreOptions Read(DocumentScope scope) => Read(scope, "siglip", (model, name, batch, keep) => new SiglipScoreOptions(model, name, batch, keep));
}
