using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>
/// <c>balance</c>: MetaCLIP's balancing (arXiv 2309.16671; metaclip/balancing.py). Entries of a list that stand in a caption
/// are its matches (<see cref="EntryMatcher"/>); an entry that more than t candidates match keeps each of them with
/// probability t / count, any other keeps all of its own; a sample stays where at least one of its entries keeps it. Works on
/// the whole pool, after every sample is scored and after dedup stages that stand before it. A sample that matches no entry goes.
/// </summary>
/// <param name="Entries">Path of the list: UTF-8 text, an entry a line, or a JSON array of strings.</param>
/// <param name="T">Most samples kept for an entry, on average. 1 to 10^12. Default 20,000, as for MetaCLIP's 400 M.</param>
public sealed record BalanceOptions(string Entries, long T) : StageOptions
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "balance";

    /// <summary>Text column: numbers of the matched entries, in order, with spaces between.</summary>
    public const string EntriesTag = "balance.entries";

    /// <summary>Reason of samples that match no entry.</summary>
    public const string Unmatched = "balance.unmatched";

    /// <summary>Reason of samples that no entry kept.</summary>
    public const string Sampled = "balance.sampled";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override IReadOnlyList<string> Tags => [EntriesTag];

    /// <inheritdoc />
    public override bool JudgesPool => true;

    /// <summary>Reads the options.</summary>
    public static BalanceOptions Read(DocumentScope scope) => new(scope.Text("entries", maxLength: 4096), scope.Whole("t", 20_000, 1, 1_000_000_000_000));

    /// <inheritdoc />
    public override void CheckLinks(DocumentScope scope, IReadOnlyList<StageOptions> stages)
    {
        if (!ReferenceEquals(stages.OfType<BalanceOptions>().First(), this))
        {
            scope.Error("type", "a document has one balance stage at most");
        }
    }

    /// <inheritdoc />
    public override JsonObject ToJson() => new() { ["type"] = TypeName, ["entries"] = Entries, ["t"] = T };
}

/// <summary>The rule of <c>balance</c>, pure.</summary>
public static class BalanceRule
{
    // The sample's own stream of chance; 0 is the draw of k-means.
    private const ulong Stream = 1;

    /// <summary>Reads <see cref="BalanceOptions.EntriesTag"/>.</summary>
    public static IEnumerable<int> EntriesOf(string tag) =>
        tag.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => int.Parse(n, NumberStyles.None, CultureInfo.InvariantCulture));

    /// <summary>Probability that a sample stays: 1 - product over its entries of 1 - t / max(count, t).</summary>
    /// <param name="entries">Its entries.</param>
    /// <param name="counts">Candidates that match each entry.</param>
    /// <param name="t">As in the options.</param>
    public static double Probability(IEnumerable<int> entries, IReadOnlyList<long> counts, long t)
    {
        var none = 1.0;
        foreach (var entry in entries)
        {
            none *= 1 - (t / (double)Math.Max(counts[entry], t));
        }

        return 1 - none;
    }

    /// <summary>Whether a sample stays: one draw from (seed, uid) against <see cref="Probability"/>.</summary>
    /// <param name="probability">In [0, 1].</param>
    /// <param name="seed">Seed of the job.</param>
    /// <param name="high">High word of the uid.</param>
    /// <param name="low">Low word of the uid.</param>
    public static bool Stays(double probability, long seed, ulong high, ulong low) => SampleChance.Uniform(seed, Stream, high, low) < probability;
}
