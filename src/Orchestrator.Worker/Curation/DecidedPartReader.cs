using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation;

namespace Orchestrator.Worker.Curation;

/// <summary>Applies the decided cuts to a score part; the one place where a row becomes kept or rejected.</summary>
public sealed class DecidedPartReader
{
    private readonly SelectVerdicts _verdicts;
    private readonly IReadOnlyList<DecidedLeaf> _leaves;
    private readonly string[] _columns;

    /// <param name="rule">The document's rule.</param>
    /// <param name="leaves">Its leaves with their cuts.</param>
    public DecidedPartReader(SelectRule? rule, IReadOnlyList<DecidedLeaf> leaves)
    {
        _leaves = leaves;
        _verdicts = new SelectVerdicts(rule, [.. leaves.Select(l => l.Cut)]);
        _columns = [ScoreColumn.State, ScoreColumn.Key, .. leaves.Select(l => l.By).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Counts the kept rows of a part, reading only the columns that decide.</summary>
    /// <param name="path">The part.</param>
    /// <param name="part">Its position in the plan.</param>
    /// <param name="lastKey">Key of the last kept sample before the part; afterwards, up to its end.</param>
    /// <param name="keyBefore">The former.</param>
    public long CountKept(string path, int part, ref string? lastKey, out string? keyBefore)
    {
        keyBefore = lastKey;
        var kept = 0L;
        using var reader = Open(path);
        var scores = new float[_leaves.Count];
        foreach (var batch in reader.ReadColumns(_columns))
        {
            var states = batch.Text(ScoreColumn.State);
            var keys = batch.Text(ScoreColumn.Key);
            var signals = _leaves.Select(l => batch.Signal(l.By)).ToArray();
            for (var i = 0; i < batch.Count; i++)
            {
                for (var leaf = 0; leaf < signals.Length; leaf++)
                {
                    scores[leaf] = signals[leaf][i];
                }

                if (states[i] is null && _verdicts.Judge(scores, keys[i]!, part, batch.FirstRow + i) is null)
                {
                    kept++;
                    lastKey = keys[i];
                }
            }
        }

        return kept;
    }

    /// <summary>Reads a part's rows with their final state and, for kept ones, their place in the output.</summary>
    /// <param name="path">The part.</param>
    /// <param name="decision">The plan.</param>
    /// <param name="part">The part's position in the plan.</param>
    public IEnumerable<ScoreRow> ReadFinal(string path, CurationDecision decision, int part)
    {
        var rank = decision.Parts.Take(part).Sum(p => p.Kept);
        var previous = decision.Parts[part].KeyBefore;
        using var reader = Open(path);
        var indexes = _leaves.Select(l => reader.Schema.SignalIndex(l.By)).ToArray();
        var scores = new float[_leaves.Count];
        var place = 0L;
        foreach (var row in reader.ReadRows())
        {
            for (var leaf = 0; leaf < indexes.Length; leaf++)
            {
                scores[leaf] = row.Signals[indexes[leaf]] ?? float.NaN;
            }

            var at = place++;
            if (row.State is not null)
            {
                yield return row;
            }
            else if (_verdicts.Judge(scores, row.Key, part, at) is { } reason)
            {
                yield return row with { State = SampleStates.Rejected, Reason = reason };
            }
            else
            {
                yield return row with
                {
                    State = SampleStates.Kept,
                    OutputShard = OutputNames.Tar((int)(rank / decision.SamplesPerShard)),

                    // Two neighbours with one key would read back as one sample.
                    OutputKey = row.Key == previous ? $"{row.Key}~{part}-{row.Row}" : row.Key,
                };
                rank++;
                previous = row.Key;
            }
        }
    }

    private static ScorePartReader Open(string path)
    {
        var opened = ScorePartReader.Open(path);
        return opened.Ok ? opened.Value : throw new InvalidDataException(opened.Fault!.ToString());
    }
}
