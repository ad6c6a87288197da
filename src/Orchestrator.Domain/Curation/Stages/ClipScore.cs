using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>
/// <c>clip-score</c>: the cosine of image and caption under a CLIP model, not multiplied by the logit scale (DataComp's
/// <c>clip_*_similarity_score</c>, dataset2metadata's postprocessors.py). Any CLIP-like folder of kind <c>clip</c> will do.
/// </summary>
/// <param name="Model">Name of a model folder of kind <c>clip</c>.</param>
/// <param name="As">Name of the signal. Default <c>clip</c>.</param>
/// <param name="BatchSize">See <see cref="PairScoreOptions"/>.</param>
/// <param name="KeepEmbeddings">See <see cref="PairScoreOptions"/>.</param>
public sealed record ClipScoreOptions(string Model, string As, int BatchSize, bool KeepEmbeddings = false)
    : PairScoreOptions(Model, As, BatchSize, KeepEmbeddings)
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "clip-score";

    /// <summary>Kind of its model folder.</summary>
    public const string Kind = "clip";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override string ModelKind => Kind;

    /// <summary>Reads the options.</summary>
    public static ClipScoreOptions Read(DocumentScope scope) => Read(scope, "clip", (model, name, batch, keep) => new ClipScoreOptions(model, name, batch, keep));
}
