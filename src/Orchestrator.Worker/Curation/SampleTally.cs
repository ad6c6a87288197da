using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Worker.Curation;

/// <summary>Terminal states of a sample, as score parts spell them.</summary>
public static class SampleStates
{
    /// <summary>In the output.</summary>
    public const string Kept = "kept";

    /// <summary>Rejected by a stage or by <c>select</c>.</summary>
    public const string Rejected = "rejected";

    /// <summary>Left out because another one like it is kept.</summary>
    public const string Duplicate = "duplicate";

    /// <summary>Could not be judged.</summary>
    public const string Quarantined = "quarantined";
}

/// <summary>Counts rows of a score part by state and reason.</summary>
public sealed class SampleTally
{
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>Rows counted.</summary>
    public long Read { get; private set; }

    /// <summary>Counts a row.</summary>
    public void Add(ScoreRow row)
    {
        Read++;
        Count(CurationTally.Read, 1);
        Count(CurationTally.ImageBytes, row.ImageBytes);
        switch (row.State)
        {
            case null:
                Count(CurationTally.Candidates, 1);
                break;
            case SampleStates.Kept:
                Count(CurationTally.Kept, 1);
                break;
            case SampleStates.Duplicate:
                Count(CurationTally.Duplicate, 1);
                break;
            case SampleStates.Rejected:
                Count(CurationTally.Rejected, 1);
                Count(CurationTally.RejectedBy(row.Reason!), 1);
                break;
            case SampleStates.Quarantined:
                Count(CurationTally.Quarantined, 1);
                Count(CurationTally.QuarantinedBy(row.Reason!), 1);
                break;
            default:
                throw new InvalidDataException($"Row {row.Row} of {row.Shard} has the unknown state '{row.State}'.");
        }
    }

    /// <summary>Counts the texts of a kept row.</summary>
    public void AddCaptions(CaptionOrigins kept)
    {
        foreach (var origin in (CaptionOrigins[])[CaptionOrigins.Web, CaptionOrigins.Synthetic])
        {
            if (kept.HasFlag(origin))
            {
                Count(CurationTally.Captions(CapFiltRule.TagOf(origin)!), 1);
            }
        }
    }

    /// <summary>Counts damage of the shard.</summary>
    public void AddDamage() => Count(CurationTally.DamagedShards, 1);

    /// <summary>The counts.</summary>
    public IReadOnlyDictionary<string, long> ToCounts() => _counts;

    /// <summary>Says where the counts do not add up; null where they do.</summary>
    /// <param name="counts">Counts of a shard or a job, final states only.</param>
    public static string? Imbalance(IReadOnlyDictionary<string, long> counts)
    {
        var read = counts.GetValueOrDefault(CurationTally.Read);
        var states = counts.GetValueOrDefault(CurationTally.Kept) + counts.GetValueOrDefault(CurationTally.Rejected)
            + counts.GetValueOrDefault(CurationTally.Duplicate) + counts.GetValueOrDefault(CurationTally.Quarantined);
        var (listed, apart) = (counts.GetValueOrDefault(CurationTally.Listed), counts.GetValueOrDefault(CurationTally.OutsideSubset) + counts.GetValueOrDefault(CurationTally.NotDownloaded));
        var byReason = counts.Where(c => c.Key.StartsWith(CurationTally.RejectedBy(""), StringComparison.Ordinal)).Sum(c => c.Value);
        return read != states ? $"{read} samples were read but {states} ended in a state"
            : listed > 0 && listed != read - counts.GetValueOrDefault(CurationTally.Unlisted) + apart ? $"img2dataset lists {listed} samples but {read} were read and {apart} are accounted for apart"
            : byReason != counts.GetValueOrDefault(CurationTally.Rejected) ? $"{counts.GetValueOrDefault(CurationTally.Rejected)} samples were rejected but {byReason} have a reason"
            : null;
    }

    /// <summary>Adds to a count that is not of samples read.</summary>
    public void Count(string name, long add) => _counts[name] = _counts.GetValueOrDefault(name) + add;
}
