using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>What stages that work on the image embeddings of another one check alike.</summary>
internal static class EmbeddingLinks
{
    /// <summary>Notes a name that is no stage with image embeddings.</summary>
    public static void Check(DocumentScope scope, string field, string? from, IReadOnlyList<StageOptions> stages)
    {
        var embeddings = stages.Where(s => s.MakesEmbeddings).Select(s => s.MainSignal).OfType<string>().ToList();
        if (from is { Length: > 0 } && !embeddings.Contains(from))
        {
            scope.Error(field, embeddings.Count == 0
                ? "no stage of this document makes image embeddings: add a clip-score stage"
                : $"is not a stage that makes image embeddings; these do: {string.Join(", ", embeddings)}");
        }
    }
}
