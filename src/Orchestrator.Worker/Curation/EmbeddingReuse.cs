using Orchestrator.Domain.Curation;

namespace Orchestrator.Worker.Curation;

/// <summary>Counts, for stages with <c>embeddingsFrom</c>, the pictures whose embedding was there and those that were encoded.</summary>
/// <param name="plan">Stages and models.</param>
internal sealed class EmbeddingReuse(ScoringPlan plan)
{
    private readonly SortedDictionary<string, long> _counts = new(
        plan.Models.Where(m => m.Earlier is not null).SelectMany(m => Names(m)).ToDictionary(name => name, _ => 0L), StringComparer.Ordinal);

    /// <summary>Counts a finished sample.</summary>
    public void Add(PreparedSample sample)
    {
        foreach (var (place, stage) in plan.Models.Index())
        {
            if (stage.Earlier is not null && sample.Earlier is { } earlier)
            {
                _counts[Names(stage)[earlier[place] is null ? 1 : 0]]++;
            }
        }
    }

    /// <summary>The counts by tally name.</summary>
    public IReadOnlyDictionary<string, long> ToCounts() => _counts;

    /// <summary>The counts among a tally.</summary>
    public static SortedDictionary<string, long> Of(IReadOnlyDictionary<string, long> tally) =>
        new(tally.Where(t => t.Key.StartsWith(CurationTally.EmbeddingsReused(""), StringComparison.Ordinal) || t.Key.StartsWith(CurationTally.EmbeddingsComputed(""), StringComparison.Ordinal)).ToDictionary(), StringComparer.Ordinal);

    private static string[] Names(IModelStage stage) => [CurationTally.EmbeddingsReused(stage.Options.MainSignal!), CurationTally.EmbeddingsComputed(stage.Options.MainSignal!)];
}
