using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Statistics;

namespace Orchestrator.Worker.Evaluation;

/// <summary>A method's chi-square test, with what it was made of.</summary>
/// <param name="Test">Outcome, corrected over the job's cells.</param>
/// <param name="Prompt">Prompt of the draws.</param>
/// <param name="Sampling">Their processing: the certificate's own, so that errors show.</param>
/// <param name="Tokens">Tokens of the joint law.</param>
/// <param name="Prefixes">Prefixes at which the target's law was computed.</param>
/// <param name="Alpha">Level of the family.</param>
/// <param name="Power">Power at which the detectable distance is stated.</param>
public sealed record StatisticalResult(StatisticalCell Test, string Prompt, SamplingOptions Sampling, int Tokens, int Prefixes, double Alpha, double Power);

/// <summary>The certificates of a job's sampled cells: exact ones of its methods' code, statistical ones of its draws.</summary>
/// <param name="document">The evaluation.</param>
internal sealed class Certificates(EvaluationDocument document)
{
    /// <summary>Chance of any false alarm over a job.</summary>
    public const double Alpha = 1e-3;

    /// <summary>Power at which detectable distances are stated.</summary>
    public const double Power = 0.99;

    private readonly Dictionary<MethodOptions, ExactOutcome> exact = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<MethodOptions, StatisticalResult> statistical = new(ReferenceEqualityComparer.Instance);

    /// <summary>Tests the draws of every method that has some.</summary>
    /// <param name="lanes">The job's shards.</param>
    /// <param name="prompts">Its prompts.</param>
    /// <param name="generator">Computes the target's law.</param>
    /// <param name="cancellationToken">Stops between cells.</param>
    public void Test(JobLanes lanes, IReadOnlyList<EvaluationPrompt> prompts, Generator generator, CancellationToken cancellationToken)
    {
        var tokens = EvaluationPlan.TokensOfDraws(document);
        var (prompt, sampling) = generator.ForDraws(prompts, tokens);
        var law = PrefixLaw.Of(generator.LawAfter(prompt, sampling, tokens), tokens, generator.EndTokens, FitTest.MinExpected / document.Draws);
        var drawn = document.Cells.Where(cell => lanes.Losslessness.ContainsKey(cell.Id)).ToList();

        // Holm rejects first at a level of α by the number of methods: power is stated there.
        var level = Alpha / Math.Max(1, drawn.Count);
        var fits = new List<(string, FitOutcome)>();
        foreach (var cell in drawn)
        {
            cancellationToken.ThrowIfCancellationRequested();
            fits.Add((cell.Id, StatisticalCertificate.AgainstBuckets(lanes.Losslessness[cell.Id].Draws, law, level, Power)));
        }

        foreach (var (index, test) in StatisticalCertificate.Correct(fits, Alpha).Index())
        {
            statistical[drawn[index].Method] = new(test, prompt.Id, sampling, tokens, law.Followed, Alpha, Power);
        }
    }

    /// <summary>The chi-square test of a sampled cell's method; null where nothing was drawn.</summary>
    public StatisticalResult? StatisticalOf(EvaluationCell cell) => cell.Sampling.Options.IsGreedy ? null : statistical.GetValueOrDefault(cell.Method);

    /// <summary>The exact certificate of a cell's method; its settings are its own, so it is the same for every way of sampling.</summary>
    public ExactOutcome ExactOf(EvaluationCell cell)
    {
        if (!exact.TryGetValue(cell.Method, out var outcome))
        {
            exact[cell.Method] = outcome = MethodCertificate.Run(cell.Method);
        }

        return outcome;
    }
}
