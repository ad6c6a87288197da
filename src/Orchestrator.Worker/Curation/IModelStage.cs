using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Worker.Curation;

/// <summary>A stage bound to the models it runs. Immutable; its scorers do the work, one for each shard.</summary>
public interface IModelStage
{
    /// <summary>Its options.</summary>
    StageOptions Options { get; }

    /// <summary>Index of its main signal; NaN there after scoring means that the sample could not be judged.</summary>
    int Signal { get; }

    /// <summary>Samples a batch.</summary>
    int BatchSize { get; }

    /// <summary>The models that it runs.</summary>
    IReadOnlyList<BoundModel> Models { get; }

    /// <summary>Indexes of the tensors that it takes.</summary>
    IReadOnlyList<int> Tensors { get; }

    /// <summary>Image embeddings that stand in for the tensors wherever they have a picture's; null for none.</summary>
    EarlierEmbeddings? Earlier { get; }

    /// <summary>The image embeddings that it leaves in <see cref="PreparedSample.Embeddings"/>; null for none.</summary>
    KeptEmbeddings? Embeddings { get; }

    /// <summary>The stage's share of the CPU side: the ids of a caption. Null for a stage that needs none.</summary>
    TokenRow? Tokenize(string text);

    /// <summary>A scorer for one shard.</summary>
    /// <param name="place">The stage's place in <see cref="ScoringPlan.Models"/>.</param>
    BatchScorer Start(int place);
}

/// <summary>A model under the name that the document gives it.</summary>
public sealed record BoundModel(string Name, IScoringModel Model);

/// <summary>Image embeddings that a stage leaves.</summary>
/// <param name="Signal">Signal that names them.</param>
/// <param name="Dimension">Floats of one.</param>
/// <param name="Published">True where the output has them; else only later phases read them.</param>
/// <param name="Images">Digest of what made them of a picture.</param>
public sealed record KeptEmbeddings(string Signal, int Dimension, bool Published, string Images);

/// <summary>A tokenised text.</summary>
/// <param name="Ids">As many ids as the model's context.</param>
/// <param name="Length">Ids before the padding.</param>
public sealed record TokenRow(long[] Ids, int Length);
