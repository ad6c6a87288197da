using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Tracing;

namespace Orchestrator.Worker.Evaluation;

/// <summary>Answers prompts from the record of a target, with exactly the acceptance that the target would have given.</summary>
/// <param name="document">A replay.</param>
/// <param name="records">Recorded generations at temperature 0, by prompt, in order of their turns.</param>
/// <param name="shelf">Draft models.</param>
/// <param name="time">Clock of the traces.</param>
public sealed class ReplayGenerator(
    EvaluationDocument document, IReadOnlyDictionary<string, IReadOnlyList<RecordedRequest>> records, LanguageShelf shelf, TimeProvider time) : IGenerator
{
    /// <inheritdoc />
    public IEnumerable<Generation> Answer(EvaluationPrompt prompt, EvaluationCell cell, CancellationToken cancellationToken)
    {
        foreach (var recorded in records[prompt.Id])
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Generate(recorded, cell, cancellationToken);
        }
    }

    private Generation Generate(RecordedRequest recorded, EvaluationCell cell, CancellationToken cancellationToken)
    {
        if (document.MaxNewTokens > recorded.Limit)
        {
            throw new InvalidDataException(
                $"prompts.path: the record was made with at most {recorded.Limit} output tokens and maxNewTokens asks for {document.MaxNewTokens}; ask for no more, or record again.");
        }

        var key = new RequestKey(recorded.Prompt, recorded.Turn, recorded.Sample);
        var ends = recorded.EndTokens.ToHashSet();
        int[] prompt = [.. recorded.Tokens];
        using var models = new RequestModels(document.Target, shelf, recorded.VocabularySize, ends);
        using var sequence = new RecordedSequence(recorded.VocabularySize, prompt, recorded.Output, recorded.Context);
        var sampling = cell.Sampling.Options;
        var drafter = MethodFactory.Drafter(cell.Method, models, sampling);
        var probe = new RoundProbe();
        var decoder = new SpeculativeDecoder(
            sequence, probe.Watch(drafter), probe.Watch(MethodFactory.Verifier(cell.Method, drafter, sampling)), sampling,
            new DecodeLimits(document.MaxNewTokens, ends), new SeededChance(key.Draws(cell.Sampling.Seed)), time)
        {
            KeepMargins = cell.Method is BaselineOptions,
        };
        decoder.Run(prompt, cancellationToken);
        int[] output = [.. decoder.Text.Output];
        var isWhole = output.AsSpan().SequenceEqual([.. recorded.Output.Take(recorded.OutputTokens).Select(token => token.Token)]);
        return new Generation(
            decoder.Trace(key, recorded.Category, recorded.PromptTokensCut), output, isWhole ? recorded.Text : "", decoder.Margins,
            cell.Method is BaselineOptions ? null : probe.Observations);
    }
}
