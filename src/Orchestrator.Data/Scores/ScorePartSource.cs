using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Data.Scores;

/// <summary>Score parts as a pool for <see cref="GlobalCut"/>: one signal streams, keys are read only for groups where a cut falls through ties.</summary>
/// <remarks>A part's index is its position in the list, a row its index in the part; a <see cref="SelectionCut"/> means the same list.</remarks>
/// <param name="parts">Paths of committed parts, in shard order.</param>
/// <param name="signal">Signal to select by.</param>
/// <param name="eligibleState">Rows take part only in this state; null (default) means rows without a state, the candidates.</param>
public sealed class ScorePartSource(IReadOnlyList<string> parts, string signal, string? eligibleState = null) : IScoreSource
{
    /// <inheritdoc />
    public IEnumerable<ScoreChunk> Open()
    {
        for (var part = 0; part < parts.Count; part++)
        {
            var opened = ScorePartReader.Open(parts[part]);
            if (!opened.Ok)
            {
                throw new InvalidDataException(opened.Fault!.ToString());
            }

            using var reader = opened.Value;
            foreach (var batch in reader.ReadColumns(signal, ScoreColumn.State))
            {
                var scores = batch.Signal(signal);
                var states = batch.Text(ScoreColumn.State);
                for (var i = 0; i < scores.Length; i++)
                {
                    if (states[i] != eligibleState)
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
