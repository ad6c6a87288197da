using System.Globalization;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Curation;

/// <summary>
/// Phases of a curation job. <c>score</c>: a shard per input tar. <c>decide</c>: one shard finds the exact global cut.
/// <c>write</c>: a shard per output tar and one per score part. <c>publish</c>: one shard moves committed files to their
/// final names, checks that every sample is accounted for and writes the manifest last.
/// </summary>
public sealed class CurationPlan : IJobPlan
{
    /// <summary>Reads, decodes, scores; one shard per input tar.</summary>
    public const string Score = "score";

    /// <summary>Finds thresholds over all score parts; one shard.</summary>
    public const string Decide = "decide";

    /// <summary>Writes output tars and final score parts.</summary>
    public const string Write = "write";

    /// <summary>Gives committed files their final names; one shard.</summary>
    public const string Publish = "publish";

    /// <summary>Tally of <c>decide</c>: number of output tars.</summary>
    public const string OutputTarsTally = "plan.outputTars";

    /// <summary>Tally of <c>decide</c>: number of score parts, that is of input shards that were scored.</summary>
    public const string PartsTally = "plan.parts";

    /// <inheritdoc />
    public string Kind => CurationDocument.Kind;

    /// <inheritdoc />
    public IReadOnlyList<string> Phases { get; } = [Score, Decide, Write, Publish];

    /// <inheritdoc />
    public PhaseStep Next(string document, IReadOnlyList<PhaseSummary> finished)
    {
        var last = finished[^1];
        var lost = last.Failed + last.Quarantined;
        if (last.Phase == Score)
        {
            var limit = CurationParser.ParseCanonical(document).Limits.MaxFailedShards;
            if (last.Committed == 0)
            {
                return Fail($"None of the {last.Total} input shards could be scored.");
            }

            if (last.Tally.GetValueOrDefault(CurationTally.Read) == 0 && last.Tally.GetValueOrDefault(CurationTally.DamagedShards) is > 0 and var damaged)
            {
                return Fail($"No sample could be read: {damaged} of {last.Total} input shards are damaged.");
            }

            return lost > limit
                ? Fail($"{lost} of {last.Total} input shards failed; limits.maxFailedShards allows {limit}.")
                : new PhaseStep.Start(Decide, [new ShardSpec(0, "{}")]);
        }

        if (lost > 0)
        {
            return Fail($"{lost} of {last.Total} shards of phase {last.Phase} failed, so the output would be incomplete.");
        }

        return last.Phase switch
        {
            Decide => new PhaseStep.Start(Write, WriteShards(last.Tally)),
            Write => new PhaseStep.Start(Publish, [new ShardSpec(0, PublishPayload(finished))]),
            _ => new PhaseStep.End(Ended(finished)),
        };
    }

    private static PhaseStep.End Fail(string error) => new(JobState.Failed, error);

    private static JobState Ended(IReadOnlyList<PhaseSummary> finished)
    {
        var score = finished.First(p => p.Phase == Score);
        var damaged = score.Tally.GetValueOrDefault(CurationTally.DamagedShards);
        return score.Committed < score.Total || damaged > 0 ? JobState.SucceededWithFailures : JobState.Succeeded;
    }

    /// <summary>Shards of <c>write</c>, from the tally of <c>decide</c>.</summary>
    internal static List<ShardSpec> WriteShards(IReadOnlyDictionary<string, long> tally)
    {
        var tars = (int)tally[OutputTarsTally];
        var parts = (int)tally[PartsTally];
        var shards = new List<ShardSpec>(tars + parts);
        for (var i = 0; i < tars; i++)
        {
            shards.Add(new ShardSpec(i, Payload("tar", i)));
        }

        for (var i = 0; i < parts; i++)
        {
            shards.Add(new ShardSpec(tars + i, Payload("part", i)));
        }

        return shards;
    }

    private static string PublishPayload(IReadOnlyList<PhaseSummary> finished)
    {
        var score = finished.First(p => p.Phase == Score);
        return string.Create(CultureInfo.InvariantCulture, $$"""{"failedShards":{{score.Total - score.Committed}}}""");
    }

    private static string Payload(string kind, int index) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"kind":"{{kind}}","index":{{index}}}""");
}
