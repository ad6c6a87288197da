using Orchestrator.Samples.PoolGenerator.Shards;

namespace Orchestrator.Samples.PoolGenerator;

/// <summary>How well a selection found the samples worth keeping, judged by the pool's truth.</summary>
/// <param name="Kept">Samples kept.</param>
/// <param name="KeptUsable">Kept samples that are usable, see <see cref="TruthLine.Usable"/>.</param>
/// <param name="Usable">Usable samples in the whole pool.</param>
/// <param name="KeptByDefect">How many samples of each kind were kept; the values sum to <paramref name="Kept"/>.</param>
public sealed record SelectionVerdict(
    int Kept, int KeptUsable, int Usable, IReadOnlyDictionary<DefectKind, int> KeptByDefect)
{
    /// <summary>Share of the kept samples that are usable, in [0, 1]; 1 where nothing was kept.</summary>
    public double Precision => Kept == 0 ? 1 : (double)KeptUsable / Kept;

    /// <summary>Share of the usable samples that were kept, in [0, 1]; 1 where none is usable.</summary>
    public double Recall => Usable == 0 ? 1 : (double)KeptUsable / Usable;

    /// <param name="truth">Every line of the pool's <c>truth.jsonl</c>.</param>
    /// <param name="keptKeys">Keys of the kept samples.</param>
    /// <exception cref="ArgumentException">A kept key is not in the pool: the truth of another pool was given.</exception>
    public static SelectionVerdict Of(IEnumerable<TruthLine> truth, IReadOnlySet<string> keptKeys)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(keptKeys);
        var byDefect = new SortedDictionary<DefectKind, int>();
        var (kept, keptUsable, usable) = (0, 0, 0);
        foreach (var line in truth)
        {
            usable += line.Usable ? 1 : 0;
            if (keptKeys.Contains(line.Key))
            {
                kept++;
                keptUsable += line.Usable ? 1 : 0;
                byDefect[line.Defect] = byDefect.GetValueOrDefault(line.Defect) + 1;
            }
        }

        if (kept != keptKeys.Count)
        {
            throw new ArgumentException(
                $"{keptKeys.Count - kept} of {keptKeys.Count} kept keys are not in the truth; give the truth of the pool that was selected from.",
                nameof(keptKeys));
        }

        return new SelectionVerdict(kept, keptUsable, usable, byDefect);
    }
}
