using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Data.Scores;

/// <summary>Score parts as a pool for <see cref="GlobalCut"/>: one signal streams, keys are read only for groups where a cut falls through ties.</summary>
/// <remarks>A part's index is its position in the list, a row its index in the part; a <see cref="SelectionCut"/> means the same list.</remarks>
/// <param name="parts">Paths of committed parts, in shard order.</param>
/// <param name="signal">Signal to select by.</param>
/// <param name="candidates">Rows that take part; null (default) means rows without a state.</param>
public sealed class ScorePartSource(IReadOnlyList<string> parts, string signal, CandidateMap? candidates = null) : IScoreSource
{
    /// <inheritdoc />
    public IEnumerable<ScoreChunk> Open()
    {
        for (var part = 0; part < parts.Count; part++)
        {
            using var reader = ScorePartReader.OpenOrThrow(parts[part]);
            foreach (var batch in reader.ReadColumns(candidates is null ? [signal, ScoreColumn.State] : [signal]))
            {
                var scores = batch.Signal(signal);
                var states = candidates is null ? batch.Text(ScoreColumn.State) : null;
                for (var i = 0; i < scores.Length; i++)
                {
                    if (states is null ? !candidates![part, batch.FirstRow + i] : states[i] is not null)
                    {
                        scores[i] = float.NaN;
                    }
                }

                string?[]? keys = null;
                yield return new ScoreChunk(part, batch.FirstRow, scores, i =>
                {
                    keys ??= reader.ReadGroup(batch.Group, batch.FirstRow, [ScoreColumn.Key]).Text(ScoreColumn.Key);
                    return keys[i]!;
                });
            }
        }
    }
}
