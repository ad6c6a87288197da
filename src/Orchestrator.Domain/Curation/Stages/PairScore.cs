using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>
/// What stages share that score a picture and its web caption with two towers into one space. Each stores the cosine of the
/// L2-normalised embeddings, in [-1, 1]. The caption is cut to the model's context. Such a stage rejects nothing by itself;
/// <c>select</c> names its signal.
/// </summary>
/// <param name="Model">Name of a model folder of the stage's kind.</param>
/// <param name="As">Name of the signal.</param>
/// <param name="BatchSize">Pairs a run of the model, 1 to 4,096. Default 32. Part of the document because the last bits of a score may depend on it.</param>
/// <param name="KeepEmbeddings">
/// True publishes the image embeddings as <c>embeddings/{as}/img_emb/img_emb_{i}.npy</c>: fp16 [samples of input shard i,
/// dimension], clip-retrieval's layout, a row of NaN for a sample that was not scored. Default false.
/// </param>
public abstract record PairScoreOptions(string Model, string As, int BatchSize, bool KeepEmbeddings) : StageOptions
{
    /// <summary>
    /// A curation job, or its output folder, whose kept image embeddings stand in for the image tower wherever it saw the same picture; null
    /// (default) for none. The image half of its model must be this one's. What it does not have is encoded.
    /// </summary>
    /// <remarks>
    /// Kept embeddings are half precision, so a score may differ from a fresh one by about a thousandth; it is the same each time.
    /// </remarks>
    public string? EmbeddingsFrom { get; init; }

    /// <summary>The reading that every such stage has: the signal itself.</summary>
    public const string Cosine = "cosine";

    /// <summary>Kind of the model folder.</summary>
    public abstract string ModelKind { get; }

    /// <inheritdoc />
    public override IReadOnlyList<string> Models => [Model];

    /// <inheritdoc />
    public override IReadOnlyList<string> Signals => [As];

    /// <inheritdoc />
    public override string MainSignal => As;

    /// <inheritdoc />
    public override IReadOnlyList<string> Readings => [Cosine];

    /// <summary>Kept embeddings stand beside the digest of the picture that each is of.</summary>
    public override IReadOnlyList<string> Tags => KeepEmbeddings ? [DedupOptions.Sha256Tag] : [];

    /// <inheritdoc />
    public override bool MakesEmbeddings => true;

    /// <inheritdoc />
    public override JsonObject ToJson() => new()
    {
        ["type"] = Type,
        ["model"] = Model,
        ["as"] = As,
        ["batchSize"] = BatchSize,
        ["keepEmbeddings"] = KeepEmbeddings,
        ["embeddingsFrom"] = EmbeddingsFrom,
    };

    /// <summary>Reads the fields that all have.</summary>
    /// <param name="scope">The stage's object.</param>
    /// <param name="name">Default of <c>as</c>.</param>
    /// <param name="make">Makes the options.</param>
    protected static T Read<T>(DocumentScope scope, string name, Func<string, string, int, bool, T> make)
        where T : PairScoreOptions => make(
            scope.Name("model"), scope.Name("as", name), (int)scope.Whole("batchSize", 32, 1, 4096), scope.Flag("keepEmbeddings", false)) with
        {
            EmbeddingsFrom = scope.Has("embeddingsFrom") ? scope.Text("embeddingsFrom", maxLength: 4096) : null,
        };
}
