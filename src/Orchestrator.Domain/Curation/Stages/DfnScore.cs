using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>
/// <c>dfn-score</c>: a data filtering network (Fang 2023, arXiv 2309.17425): a CLIP that is used as a scorer only. The score
/// is the cosine, as of <c>clip-score</c>; the paper keeps the best 15 % of a pool by it (<c>topFraction: 0.15</c>).
/// </summary>
/// <param name="Model">Name of a model folder of kind <c>clip</c>.</param>
/// <param name="As">Name of the signal. Default <c>dfn</c>.</param>
/// <param name="BatchSize">See <see cref="PairScoreOptions"/>.</param>
/// <param name="KeepEmbeddings">See <see cref="PairScoreOptions"/>.</param>
public sealed record DfnScoreOptions(string Model, string As, int BatchSize, bool KeepEmbeddings = false)
    : PairScoreOptions(Model, As, BatchSize, KeepEmbeddings)
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "dfn-score";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override string ModelKind => ClipScoreOptions.Kind;

    /// <summary>Reads the options.</summary>
    public static DfnScoreOptions Read(DocumentScope scope) => Read(scope, "dfn", (model, name, batch, keep) => new DfnScoreOptions(model, name, batch, keep));
}
