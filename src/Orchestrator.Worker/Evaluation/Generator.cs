using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Tracing;
using Orchestrator.Domain.Statistics;
using Orchestrator.Inference.Language;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Worker.Evaluation;

/// <summary>
/// Answers prompts with one target. Every random choice comes from the cell's seed, the prompt, the turn and the sample, so
/// that a generation is the same whichever worker makes it and in whatever order.
/// </summary>
/// <param name="document">The evaluation.</param>
/// <param name="shelf">Models.</param>
/// <param name="time">Clock of the traces.</param>
public sealed class Generator(EvaluationDocument document, LanguageShelf shelf, TimeProvider time)
{
    private readonly DecoderGraph graph = shelf.Decoder(document.Target);
    private readonly Inference.Text.ByteLevelTokenizer tokenizer = shelf.Tokenizer(document.Target);
    private readonly ChatPrompt chat = new(shelf.Folder(document.Target), shelf.Tokenizer(document.Target));
    private readonly int context = ContextOf(shelf.Folder(document.Target));

    /// <summary>All turns of a prompt, for every sample of the cell.</summary>
    public IEnumerable<Generation> Answer(EvaluationPrompt prompt, EvaluationCell cell, CancellationToken cancellationToken)
    {
        for (var sample = 0; sample < cell.Sampling.Samples; sample++)
        {
            int[] conversation = [];
            for (var turn = 0; turn < prompt.Turns.Count; turn++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var asked = chat.Append(conversation, prompt.Turns[turn]);
                var generation = Generate(new RequestKey(prompt.Id, turn, sample), prompt.Category, asked, cell, cancellationToken);
                yield return generation;
                conversation = [.. asked, .. generation.Output];
                if (generation.Trace.Outcome is not (RequestOutcome.Ok or RequestOutcome.ContextFull))
                {
                    // Later turns would answer to nothing: they fail with the turn they stand on.
                    for (var rest = turn + 1; rest < prompt.Turns.Count; rest++)
                    {
                        yield return Failed(new RequestKey(prompt.Id, rest, sample), prompt.Category, RequestOutcome.Error, "an earlier turn failed", 0);
                    }

                    break;
                }
            }
        }
    }

    /// <summary>One generation.</summary>
    private Generation Generate(
        RequestKey key, string category, int[] asked, EvaluationCell cell, CancellationToken cancellationToken)
    {
        // The newest part of a prompt matters most; room is left for the answer.
        var room = Math.Max(1, context - document.MaxNewTokens);
        var cut = Math.Max(0, asked.Length - room);
        var prompt = asked[cut..];
        var sampling = cell.Sampling.Options;
        using var models = new RequestModels(document.Target, shelf);
        try
        {
            var stream = SeededStream.For(
                cell.Sampling.Seed, key.Prompt, key.Turn.ToString(CultureInfo.InvariantCulture), key.Sample.ToString(CultureInfo.InvariantCulture));
            var drafter = MethodFactory.Drafter(cell.Method, models, sampling);
            using var sequence = new CausalSequence(graph, RequestModels.HiddenOf(cell.Method, shelf), context);
            var decoder = new SpeculativeDecoder(
                sequence,
                drafter,
                MethodFactory.Verifier(cell.Method, drafter, sampling),
                sampling,
                new DecodeLimits(document.MaxNewTokens, models.EndTokens),
                new SeededChance(stream),
                time)
            {
                KeepMargins = cell.Method is BaselineOptions && sampling.IsGreedy,
            };
            decoder.Run(prompt, cancellationToken);
            int[] output = [.. decoder.Text.Output];
            var outcome = decoder.End == DecodeEnd.ContextFull ? RequestOutcome.ContextFull : RequestOutcome.Ok;
            var trace = new RequestTrace(
                key, category, outcome, outcome == RequestOutcome.Ok ? null : "the model's context is full", prompt.Length, cut, decoder.PrefillMicroseconds, output.Length, [.. decoder.Steps]);
            return new Generation(trace, output, tokenizer.Decode(output), decoder.Margins);
        }
        catch (Exception e) when (e is OnnxRuntimeException or InvalidOperationException or NotSupportedException)
        {
            return Failed(key, category, RequestOutcome.Error, e.Message, prompt.Length);
        }
    }

    private static Generation Failed(RequestKey key, string category, RequestOutcome outcome, string error, int promptTokens) =>
        new(new RequestTrace(key, category, outcome, error, promptTokens, 0, 0, 0, []), [], "", []);

    private static int ContextOf(ModelFolder folder) =>
        folder.Manifest.Integer("max_position_embeddings") ?? folder.ConfigInteger("max_position_embeddings") ?? folder.ConfigInteger("n_positions") ?? 2048;
}
