using System.Text.Json;
using System.Text.Encodings.Web;
using Orchestrator.Samples.TextGenerator.Tasks;

namespace Orchestrator.Samples.TextGenerator;

/// <summary>
/// Writes held-out questions in the form of Spec-Bench's question.jsonl: <c>question_id</c> (from 1), <c>category</c>,
/// <c>turns</c>, <c>reference</c> (the right answer to each turn). The kinds follow one another in Spec-Bench's order:
/// two-turn talk, translation, summarization, qa, math_reasoning, rag.
/// </summary>
public static class QuestionWriter
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="path">Overwritten if it exists; its folder is made if it is missing.</param>
    /// <param name="perKind">Questions of each of the six kinds, 1 or more; all different.</param>
    /// <param name="seed">Any number.</param>
    /// <param name="cancellationToken">Stops between two lines and leaves the file unfinished.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    /// <exception cref="InvalidOperationException">A kind has fewer different held-out questions than asked for.</exception>
    public static async Task WriteAsync(string path, int perKind, ulong seed, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(perKind, 1);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        await using var file = new StreamWriter(path) { NewLine = "\n" };
        var number = 0;
        foreach (var (kind, tasks) in TaskCatalog.Kinds.Select(k => (k.Name, k.Draws)))
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (var index = 0; index < perKind; index++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var stream = new SeededStream(seed, StreamPurpose.Question, number);
                var drawn = DrawHeldOut(kind, tasks[index % tasks.Count], stream, seen);
                number++;
                await file.WriteLineAsync(JsonSerializer.Serialize(
                    new { question_id = number, category = drawn.Category, turns = drawn.Turns, reference = drawn.Answers }, Json));
            }
        }
    }

    private static Conversation DrawHeldOut(string kind, Func<SeededStream, Conversation> draw, SeededStream stream, HashSet<string> seen)
    {
        const int tries = 100_000;
        for (var attempt = 0; attempt < tries; attempt++)
        {
            var drawn = draw(stream);
            if (HeldOut.Contains(drawn.Turns) && seen.Add(string.Join('\n', drawn.Turns)))
            {
                return drawn;
            }
        }

        throw new InvalidOperationException($"kind {kind}: no new held-out question in {tries} draws; ask for fewer than {seen.Count + 1}");
    }
}
