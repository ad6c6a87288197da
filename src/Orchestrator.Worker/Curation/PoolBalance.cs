using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Worker.Curation;

/// <summary>Runs <c>balance</c> over scored parts: one reading counts the candidates of each entry, a second draws. Memory: 8 bytes an entry.</summary>
/// <param name="parts">Paths of the parts.</param>
/// <param name="candidates">Candidates; those that do not stay are taken out.</param>
/// <param name="notes">Receives them.</param>
/// <param name="seed">Seed of the job.</param>
internal sealed class PoolBalance(IReadOnlyList<string> parts, CandidateMap candidates, PoolNotes notes, long seed)
{
    /// <summary>Runs the stage.</summary>
    public void Run(BalanceOptions options, CancellationToken cancellationToken)
    {
        var counts = new List<long>();
        foreach (var (_, _, entries, _) in Read(cancellationToken))
        {
            foreach (var entry in entries)
            {
                while (counts.Count <= entry)
                {
                    counts.Add(0);
                }

                counts[entry]++;
            }
        }

        foreach (var (part, row, entries, uid) in Read(cancellationToken))
        {
            var reason = entries.Count == 0 ? BalanceOptions.Unmatched
                : BalanceRule.Stays(BalanceRule.Probability(entries, counts, options.T), seed, uid.High, uid.Low) ? null
                : BalanceOptions.Sampled;
            if (reason is not null)
            {
                notes.Add(part, new PoolNote(row, SampleStates.Rejected, reason, null, null));
                candidates.Remove(part, row);
            }
        }
    }

    private IEnumerable<(int Part, long Row, List<int> Entries, SampleUid Uid)> Read(CancellationToken cancellationToken)
    {
        for (var part = 0; part < parts.Count; part++)
        {
            using var reader = ScorePartReader.OpenOrThrow(parts[part]);
            foreach (var batch in reader.ReadColumns(BalanceOptions.EntriesTag, ScoreColumn.Uid))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (tags, uids) = (batch.Text(BalanceOptions.EntriesTag), batch.Text(ScoreColumn.Uid));
                for (var i = 0; i < batch.Count; i++)
                {
                    if (candidates[part, batch.FirstRow + i] && SampleUid.TryParse(uids[i], out var uid))
                    {
                        yield return (part, batch.FirstRow + i, [.. BalanceRule.EntriesOf(tags[i] ?? "")], uid);
                    }
                }
            }
        }
    }
}
