using System.Text.Json;
using Orchestrator.Samples.TextGenerator.Tasks;

namespace Orchestrator.Samples.TextGenerator;

/// <summary>
/// Writes training conversations, one JSON object a line: <c>category</c>, <c>turns</c>, <c>answers</c>. Equal arguments
/// give byte-identical files. Lines may repeat: the world is small.
/// </summary>
public static class ConversationWriter
{
    /// <param name="path">Overwritten if it exists; its folder is made if it is missing.</param>
    /// <param name="count">Number of lines, 1 or more.</param>
    /// <param name="seed">Any number.</param>
    /// <param name="cancellationToken">Stops between two lines and leaves the file unfinished.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public static async Task WriteAsync(string path, int count, ulong seed, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        await using var file = new StreamWriter(path) { NewLine = "\n" };
        for (var index = 0; index < count; index++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var stream = new SeededStream(seed, StreamPurpose.Conversation, index);
            Conversation drawn;
            do
            {
                drawn = TaskCatalog.Draw(stream);
            }
            while (HeldOut.Contains(drawn.Turns));

            await file.WriteLineAsync(JsonSerializer.Serialize(
                new { category = drawn.Category, turns = drawn.Turns, answers = drawn.Answers }));
        }
    }
}
