using System.Text.Json;
using Orchestrator.Samples.TextGenerator;

namespace Orchestrator.Samples.Tests;

/// <summary>What the writers put into their files, read back.</summary>
internal sealed record WrittenText(string Category, string[] Turns, string[] Answers)
{
    public static async Task<WrittenText[]> ConversationsAsync(int count, ulong seed)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "conversations.jsonl");
        await ConversationWriter.WriteAsync(path, count, seed);
        return Read(path, "answers");
    }

    public static WrittenText[] Read(string path, string answers) =>
    [
        .. File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement).Select(line => new WrittenText(
            line.GetProperty("category").GetString()!, Strings(line.GetProperty("turns")), Strings(line.GetProperty(answers)))),
    ];

    private static string[] Strings(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetString()!)];
}
