using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>
/// <c>clip-score</c>: the cosine of the L2-normalised image and text embeddings of a CLIP model, in [-1, 1], not multiplied
/// by the logit scale (DataComp's <c>clip_*_similarity_score</c>, dataset2metadata's postprocessors.py). The caption is cut
/// to the model's context. Rejects nothing by itself; <c>select</c> names its signal.
/// </summary>
/// <param name="Model">Name of a model folder of kind <c>clip</c>.</param>
/// <param name="As">Name of the signal. Default <c>clip</c>.</param>
/// <param name="KeepEmbeddings">
/// True publishes the image embeddings as <c>embeddings/{as}/img_emb/img_emb_{i}.npy</c>: fp16 [samples of input shard i,
/// dimension], clip-retrieval's layout, a row of NaN for a sample that was not scored. Default false.
/// </param>
/// <param name="BatchSize">Pairs a run of the model, 1 to 4,096. Default 32. Part of the document because the last bits of a score may depend on it.</param>
public sealed record ClipScoreOptions(string Model, string As, int BatchSize, bool KeepEmbeddings = false) : StageOptions
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "clip-score";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override IReadOnlyList<string> Models => [Model];

    /// <inheritdoc />
    public override IReadOnlyList<string> Signals => [As];

    /// <inheritdoc />
    public override string MainSignal => As;

    /// <inheritdoc />
    public override bool MakesEmbeddings => true;

    /// <summary>Reads the options.</summary>
    public static ClipScoreOptions Read(DocumentScope scope) => new(
        scope.Name("model"),
        scope.Name("as", "clip"),
        (int)scope.Whole("batchSize", 32, 1, 4096),
        scope.Flag("keepEmbeddings", false));

    /// <inheritdoc />
    public override JsonObject ToJson() => new()
    {
        ["type"] = TypeName,
        ["model"] = Model,
        ["as"] = As,
        ["batchSize"] = BatchSize,
        ["keepEmbeddings"] = KeepEmbeddings,
    };
}
