using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Evaluation;

/// <summary>A shard of the phases <c>acceptance</c> and <c>speed</c>: some prompts of one cell; of <c>losslessness</c>: some of its draws.</summary>
/// <param name="Cell">Index in <see cref="EvaluationDocument.Cells"/>.</param>
/// <param name="From">First prompt, from 0 in the order of the prompts' file, or first draw.</param>
/// <param name="Count">Prompts or draws.</param>
public sealed record CellSlice(int Cell, int From, int Count)
{
    /// <summary>Payload of the shard.</summary>
    public string ToJson() => string.Create(CultureInfo.InvariantCulture, $$"""{"cell":{{Cell}},"from":{{From}},"count":{{Count}}}""");

    /// <summary>Reads a payload.</summary>
    public static CellSlice Parse(string payload)
    {
        var json = JsonNode.Parse(payload)!;
        return new((int)json["cell"]!, (int)json["from"]!, (int)json["count"]!);
    }
}

/// <summary>
/// The phases of an evaluation job. <c>acceptance</c>: every cell over slices of the prompts, on any worker, with seeds that
/// come from the document and the prompt alone. <c>losslessness</c>: independent short draws of every sampled method, on any
/// worker, for the statistical certificate. <c>speed</c>: one shard a method and way of sampling, which runs the baseline
/// and the method in turns in one process, alone on its worker, and one shard for the cost of the target's forwards. <c>report</c>: one shard, from traces to every figure.
/// </summary>
public sealed class EvaluationPlan : IJobPlan
{
    /// <summary>Measures acceptance.</summary>
    public const string Acceptance = "acceptance";

    /// <summary>Draws for the statistical certificate.</summary>
    public const string Losslessness = "losslessness";

    /// <summary>Measures speed.</summary>
    public const string Speed = "speed";

    /// <summary>Computes and publishes.</summary>
    public const string Report = "report";

    /// <summary>Prompts in a slice: a function of the document alone, so that figures cannot depend on the workers.</summary>
    public const int SlicePrompts = 16;

    /// <summary>Draws in a shard of <c>losslessness</c>.</summary>
    public const int SliceDraws = 200;

    /// <summary>Tokens of the joint law at most: draws get dear, and buckets of longer prefixes rare.</summary>
    private const int MostTokens = 12;

    /// <summary>Tally of <c>acceptance</c>: generations, failed ones included.</summary>
    public const string RequestsTally = "requests";

    /// <summary>Tally of <c>acceptance</c>: generations that failed; they are no data.</summary>
    public const string FailedRequestsTally = "failedRequests";

    /// <inheritdoc />
    public string Kind => EvaluationDocument.Kind;

    /// <inheritdoc />
    public IReadOnlyList<string> Phases { get; } = [Acceptance, Losslessness, Speed, Report];

    /// <summary>Shards of the first phase, <see cref="FirstPhase"/>.</summary>
    /// <param name="document">The document.</param>
    /// <param name="prompts">Number of prompts that it asks for, from 1.</param>
    public static IReadOnlyList<ShardSpec> FirstShards(EvaluationDocument document, int prompts) =>
        FirstPhase(document) == Acceptance ? AcceptanceShards(document, prompts) : SpeedShards(document, prompts);

    /// <summary>The phase that a job begins with.</summary>
    public static string FirstPhase(EvaluationDocument document) => document.Lanes.Acceptance == "off" ? Speed : Acceptance;

    /// <inheritdoc />
    public PhaseStep Next(string document, IReadOnlyList<PhaseSummary> finished)
    {
        var last = finished[^1];
        if (last.Failed + last.Quarantined is > 0 and var lost)
        {
            return new PhaseStep.End(JobState.Failed, $"{lost} of {last.Total} shards of phase {last.Phase} failed, so the figures would be incomplete.");
        }

        var evaluation = EvaluationParser.ParseCanonical(document);
        return last.Phase switch
        {
            Acceptance when Drawn(evaluation).Count > 0 => new PhaseStep.Start(Losslessness, DrawShards(evaluation)),
            Acceptance or Losslessness when evaluation.Lanes.Speed != "off" && evaluation.Methods.Count > 0 =>
                new PhaseStep.Start(Speed, SpeedShards(evaluation, PromptsOf(evaluation, finished.Single(phase => phase.Phase == Acceptance)))),
            Acceptance or Losslessness or Speed => new PhaseStep.Start(Report, [new ShardSpec(0, "{}")]),
            _ => new PhaseStep.End(finished.Sum(phase => phase.Tally.GetValueOrDefault(FailedRequestsTally)) > 0 ? JobState.SucceededWithFailures : JobState.Succeeded),
        };
    }

    private static List<ShardSpec> AcceptanceShards(EvaluationDocument document, int prompts)
    {
        var shards = new List<ShardSpec>();
        for (var cell = 0; cell < document.Cells.Count; cell++)
        {
            for (var from = 0; from < prompts; from += SlicePrompts)
            {
                shards.Add(new ShardSpec(shards.Count, new CellSlice(cell, from, Math.Min(SlicePrompts, prompts - from)).ToJson()));
            }
        }

        return shards;
    }

    /// <summary>Tokens of the joint law that the statistical certificate looks at: the prefill's, then γ + 2 of the method that drafts furthest.</summary>
    public static int TokensOfDraws(EvaluationDocument document) =>
        Math.Min(MostTokens, document.Methods.Select(method => method.DraftDepth).DefaultIfEmpty(0).Max() + 3);

    /// <summary>
    /// Cells, by index, in whose name the statistical certificate draws: the first of every method at a temperature above 0. The
    /// draws have settings of their own, so they hold for all of the method's sampled cells.
    /// </summary>
    public static IReadOnlyList<int> Drawn(EvaluationDocument document) => document.Draws == 0
        ? []
        :
        [
            .. document.Cells.Index().Where(c => c.Item.Method is not BaselineOptions && !c.Item.Sampling.Options.IsGreedy)
                .DistinctBy(c => c.Item.Method, ReferenceEqualityComparer.Instance).Select(c => c.Index),
        ];

    private static List<ShardSpec> DrawShards(EvaluationDocument document)
    {
        var shards = new List<ShardSpec>();
        foreach (var cell in Drawn(document))
        {
            for (var from = 0; from < document.Draws; from += SliceDraws)
            {
                shards.Add(new ShardSpec(shards.Count, new CellSlice(cell, from, Math.Min(SliceDraws, document.Draws - from)).ToJson()));
            }
        }

        return shards;
    }

    private static List<ShardSpec> SpeedShards(EvaluationDocument document, int prompts)
    {
        // The first cell is a baseline: its shard measures forwards of 1 to 64 rows.
        var shards = new List<ShardSpec> { new(0, new CellSlice(0, 0, prompts).ToJson()) };
        foreach (var (index, cell) in document.Cells.Index())
        {
            if (cell.Method is not BaselineOptions)
            {
                shards.Add(new ShardSpec(shards.Count, new CellSlice(index, 0, prompts).ToJson()));
            }
        }

        return shards;
    }

    /// <summary>Each cell has as many slices as the others, the last of which may be short; every shard reports its prompts.</summary>
    private static int PromptsOf(EvaluationDocument document, PhaseSummary acceptance) =>
        (int)(acceptance.Tally.GetValueOrDefault(PromptsTally) / document.Cells.Count);

    /// <summary>Tally of <c>acceptance</c>: prompts of the slice.</summary>
    public const string PromptsTally = "prompts";
}
