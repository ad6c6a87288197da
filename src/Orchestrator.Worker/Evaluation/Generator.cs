using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
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
/// <param name="instruments">Receives every generation.</param>
public sealed class Generator(EvaluationDocument document, LanguageShelf shelf, TimeProvider time, EvaluationInstruments instruments) : IGenerator
{
    /// <summary>Logits kept of each row of a record.</summary>
    private const int RecordedTop = 16;

    /// <summary>Tokens recorded behind an output's end: no chain or tree reaches further.</summary>
    private const int RecordedBeyond = ChainFields.MaxGamma + 1;

    /// <summary>Prompts among which draws choose theirs.</summary>
    private const int PromptsLookedAt = 4;

    /// <summary>Nats of the bucketed law: some ten buckets that matter.</summary>
    private const double EnoughEntropy = 1.5;

    private static readonly double[] DrawTemperatures = [0.7, 1.5, 2.5, 4];

    private readonly DecoderGraph graph = shelf.Decoder(document.Target);
    private readonly Inference.Text.ByteLevelTokenizer tokenizer = shelf.Tokenizer(document.Target);
    private readonly ChatPrompt chat = new(shelf.Folder(document.Target), shelf.Tokenizer(document.Target));
    private readonly int context = ContextOf(shelf.Folder(document.Target));

    /// <summary>Whether drafters and verifiers are watched: passes over the vocabulary a round, so not where time is measured.</summary>
    public bool Watched { get; init; }

    /// <summary>Receives the record of every generation of the baseline; null where nothing is recorded.</summary>
    public Action<RecordedRequest>? OnRecorded { get; init; }

    /// <inheritdoc />
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

    /// <summary>
    /// The setting of statistical draws, a function of the target and the prompts alone: of the shortest prompts, which are cheap,
    /// the one whose answers begin most differently, at the lowest temperature at which they differ enough. Draws that are all alike
    /// would prove nothing; and no temperature is 1 and none goes without cuts, because errors of processing hide there.
    /// </summary>
    /// <param name="prompts">The job's prompts.</param>
    /// <param name="tokens">Tokens of a draw.</param>
    public (EvaluationPrompt Prompt, SamplingOptions Sampling) ForDraws(IReadOnlyList<EvaluationPrompt> prompts, int tokens)
    {
        EvaluationPrompt[] shortest = [.. prompts.OrderBy(prompt => prompt.Turns[0].Length).Take(PromptsLookedAt)];
        foreach (var temperature in DrawTemperatures)
        {
            var sampling = new SamplingOptions(temperature, TopK: 6, TopP: 0.97);
            var (prompt, entropy) = shortest
                .Select(p => (Prompt: p, PrefixLaw.Of(LawAfter(p, sampling, tokens), tokens, EndTokens, least: 0.05, most: 8).Law.Entropy)).MaxBy(p => p.Entropy);
            if (entropy >= EnoughEntropy || temperature == DrawTemperatures[^1])
            {
                return (prompt, sampling);
            }
        }

        throw new InvalidOperationException("There is no temperature to draw at.");
    }

    /// <summary>The first tokens of one independent answer to a prompt's first turn.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="draw">Number of the draw: with the cell it makes the seed.</param>
    /// <param name="tokens">Tokens at most.</param>
    /// <param name="cancellationToken">Stops between rounds.</param>
    public IReadOnlyList<int> Draw(EvaluationPrompt prompt, EvaluationCell cell, int draw, int tokens, CancellationToken cancellationToken)
    {
        var stream = SeededStream.For(cell.Sampling.Seed, EvaluationPlan.Losslessness, cell.Id, draw.ToString(CultureInfo.InvariantCulture));
        using var models = new RequestModels(document.Target, shelf);
        using var sequence = new CausalSequence(graph, RequestModels.HiddenOf(cell.Method, shelf), context);
        var decoder = Decoder(sequence, models, cell, stream, tokens, null);
        decoder.Run(Cut(chat.Append([], prompt.Turns[0]), tokens, out _), cancellationToken);
        return [.. decoder.Text.Output];
    }

    /// <summary>The target's law for draws, each prefix read by a sequence of its own: no roll-back, no tree and no draft takes part.</summary>
    /// <param name="prompt">The prompt of the draws.</param>
    /// <param name="sampling">Their processing.</param>
    /// <param name="tokens">Their length.</param>
    /// <returns>
    /// The law after an output's first tokens. In half precision a row of a tree and the same row of a prefill differ by enough to
    /// change what top-k and top-p cut, so the tokens there are said to be in doubt.
    /// </returns>
    public Func<IReadOnlyList<int>, TargetLaw> LawAfter(EvaluationPrompt prompt, SamplingOptions sampling, int tokens)
    {
        var asked = Cut(chat.Append([], prompt.Turns[0]), tokens, out _);
        return output =>
        {
            using var sequence = new CausalSequence(graph, [], context);
            int[] text = [.. asked, .. output];
            var rows = sequence.Prefill(text);
            var law = new double[rows.VocabularySize];
            SamplingLaw.Fill(rows.Row(rows.Count - 1), sampling, text, law);
            return new TargetLaw(law, graph.IsHalf ? SamplingLaw.AtCut(rows.Row(rows.Count - 1), sampling, text, ReportExecutor.HalfTolerance) : TargetLaw.Sure);
        };
    }

    /// <summary>Ids that end an output.</summary>
    public IReadOnlySet<int> EndTokens { get; } = RequestModels.EndTokensOf(document.Target, shelf);

    /// <summary>One generation.</summary>
    private Generation Generate(RequestKey key, string category, int[] asked, EvaluationCell cell, CancellationToken cancellationToken)
    {
        var prompt = Cut(asked, document.MaxNewTokens, out var cut);
        using var models = new RequestModels(document.Target, shelf);
        try
        {
            using var sequence = new CausalSequence(graph, RequestModels.HiddenOf(cell.Method, shelf), context);
            var recording = OnRecorded is not null && cell.Method is BaselineOptions ? new RecordingSequence(sequence, RecordedTop) : null;
            var probe = Watched && cell.Method is not BaselineOptions ? new RoundProbe() : null;
            var decoder = Decoder((ICausalSequence?)recording ?? sequence, models, cell, key.Draws(cell.Sampling.Seed), document.MaxNewTokens, probe);
            decoder.Run(prompt, cancellationToken);
            instruments.OnGeneration(cell.Method, decoder.Steps);
            int[] output = [.. decoder.Text.Output];
            var text = tokenizer.Decode(output);
            var trace = decoder.Trace(key, category, cut);
            if (recording is not null && trace.Outcome == RequestOutcome.Ok)
            {
                OnRecorded!(new RecordedRequest(
                    key.Prompt, category, key.Turn, key.Sample, cell.Sampling.Options.Temperature, prompt, cut, sequence.VocabularySize, context,
                    [.. EndTokens.Order()], document.MaxNewTokens, output.Length, text,
                    recording.Finish(output, cell.Sampling.Options.IsGreedy ? RecordedBeyond : 0)));
            }

            return new Generation(trace, output, text, decoder.Margins, probe?.Observations);
        }
        catch (Exception e) when (
            e is (OnnxRuntimeException or InvalidOperationException or NotSupportedException) and not ObjectDisposedException
            && !cancellationToken.IsCancellationRequested)
        {
            // Not what happens while the work is being stopped, or to a model that is going away: that says nothing of the method.
            return Failed(key, category, RequestOutcome.Error, e.Message, prompt.Length);
        }
    }

    private SpeculativeDecoder Decoder(ICausalSequence sequence, RequestModels models, EvaluationCell cell, SeededStream stream, int tokens, RoundProbe? probe)
    {
        var sampling = cell.Sampling.Options;
        var drafter = MethodFactory.Drafter(cell.Method, models, sampling);
        var verifier = MethodFactory.Verifier(cell.Method, drafter, sampling);
        return new SpeculativeDecoder(
            sequence, probe?.Watch(drafter) ?? drafter, probe?.Watch(verifier) ?? verifier, sampling, new DecodeLimits(tokens, EndTokens), new SeededChance(stream), time)
        {
            KeepMargins = cell.Method is BaselineOptions && sampling.IsGreedy,
        };
    }

    /// <summary>The newest part of a prompt matters most; room is left for the answer.</summary>
    private int[] Cut(int[] asked, int tokens, out int cut)
    {
        cut = Math.Max(0, asked.Length - Math.Max(1, context - tokens));
        return asked[cut..];
    }

    internal static Generation Failed(RequestKey key, string category, RequestOutcome outcome, string error, int promptTokens) =>
        new(new RequestTrace(key, category, outcome, error, promptTokens, 0, 0, 0, []), [], "", []);

    private static int ContextOf(ModelFolder folder) =>
        folder.Manifest.Integer("max_position_embeddings") ?? folder.ConfigInteger("max_position_embeddings") ?? folder.ConfigInteger("n_positions") ?? 2048;
}
