using System.Collections;

namespace Orchestrator.Data.Scores;

/// <summary>Which rows of score parts are candidates of <c>select</c>: a bit a row.</summary>
/// <remarks>
/// A row is one where no stage and no dedup has spoken against it: it has no state yet, or it was kept, or <c>select</c> rejected
/// it. So the parts of a finished job have the candidates that the job had.
/// </remarks>
public sealed class CandidateMap
{
    /// <summary>Beginning of the reasons of <c>select</c>.</summary>
    public const string SelectReason = "select.";

    private readonly BitArray[] _bits;

    private CandidateMap(BitArray[] bits, long rows, long count) => (_bits, Rows, Count) = (bits, rows, count);

    /// <summary>Rows of all parts.</summary>
    public long Rows { get; }

    /// <summary>Candidates left.</summary>
    public long Count { get; private set; }

    /// <summary>Whether a row is a candidate.</summary>
    /// <param name="part">Position of the part in the list.</param>
    /// <param name="row">Index in the part.</param>
    public bool this[int part, long row] => _bits[part][(int)row];

    /// <summary>Whether a row with this state and reason is a candidate.</summary>
    public static bool IsCandidate(string? state, string? reason) =>
        state is null or "kept" || (state == "rejected" && reason?.StartsWith(SelectReason, StringComparison.Ordinal) == true);

    /// <summary>Reads the states of all parts.</summary>
    /// <exception cref="InvalidDataException">A part cannot be read.</exception>
    public static CandidateMap Read(IReadOnlyList<string> parts, CancellationToken cancellationToken = default)
    {
        var (bits, rows, count) = (new BitArray[parts.Count], 0L, 0L);
        for (var i = 0; i < bits.Length; i++)
        {
            using var reader = ScorePartReader.OpenOrThrow(parts[i]);
            var part = bits[i] = new BitArray(checked((int)reader.Rows));
            rows += reader.Rows;
            foreach (var batch in reader.ReadColumns(ScoreColumn.State))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var states = batch.Text(ScoreColumn.State);
                string?[]? reasons = null;
                for (var row = 0; row < states.Length; row++)
                {
                    if (states[row] == "rejected")
                    {
                        reasons ??= reader.ReadGroup(batch.Group, batch.FirstRow, [ScoreColumn.Reason]).Text(ScoreColumn.Reason);
                    }

                    if (IsCandidate(states[row], reasons?[row]))
                    {
                        part[(int)batch.FirstRow + row] = true;
                        count++;
                    }
                }
            }
        }

        return new CandidateMap(bits, rows, count);
    }

    /// <summary>Takes a row out.</summary>
    public void Remove(int part, long row)
    {
        Count -= _bits[part][(int)row] ? 1 : 0;
        _bits[part][(int)row] = false;
    }
}
