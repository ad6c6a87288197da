using System.Text.Json;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Tracing;

namespace Orchestrator.Worker.Evaluation;

/// <summary>Generations of a shard, one JSON line each; steps as rows of whole numbers in the order of <see cref="StepTrace"/>.</summary>
internal static class GenerationJsonl
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static void Write(Stream output, Generation generation, bool timings)
    {
        var trace = generation.Trace;
        JsonSerializer.Serialize(
            output,
            new Line(
                trace.Key.Prompt, trace.Key.Turn, trace.Key.Sample, trace.Category, trace.Outcome, trace.Error, trace.PromptTokens, trace.PromptTokensCut,
                timings ? trace.PrefillMicroseconds : 0, [.. generation.Output], generation.Text, [.. generation.Margins], generation.Observed, [.. trace.Steps.Select(step => ToRow(step, timings))]),
            Options);
        output.WriteByte((byte)'\n');
    }

    public static IEnumerable<Generation> Read(string path)
    {
        foreach (var text in File.ReadLines(path))
        {
            var line = JsonSerializer.Deserialize<Line>(text, Options) ?? throw new InvalidDataException($"{path} has an empty line.");
            yield return new Generation(
                new RequestTrace(
                    new RequestKey(line.Prompt, line.Turn, line.Sample), line.Category, line.Outcome, line.Error, line.PromptTokens, line.PromptTokensCut,
                    line.PrefillMicroseconds, line.Output.Length, [.. line.Steps.Select(FromRow)]),
                line.Output,
                line.Text,
                line.Margins,
                line.Observed);
        }
    }

    private static long[] ToRow(StepTrace s, bool timings) =>
    [
        s.Drafted, s.TreeNodes, s.Depth, s.Accepted, s.Evaluated, s.Bonus ? 1 : 0, s.Emitted, s.Truncated,
        .. timings ? [s.DraftMicroseconds, s.VerifyMicroseconds, s.AcceptMicroseconds, s.CacheMicroseconds, s.HostMicroseconds] : (long[])[0, 0, 0, 0, 0],
    ];

    private static StepTrace FromRow(long[] r) =>
        new((int)r[0], (int)r[1], (int)r[2], (int)r[3], (int)r[4], r[5] == 1, (int)r[6], (int)r[7], r[8], r[9], r[10], r[11], r[12]);

    private sealed record Line(
        string Prompt, int Turn, int Sample, string Category, RequestOutcome Outcome, string? Error, int PromptTokens, int PromptTokensCut,
        long PrefillMicroseconds, int[] Output, string Text, double[] Margins, RoundObservations? Observed, long[][] Steps);
}
