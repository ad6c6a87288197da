using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Persistence.Sql;

/// <summary>Lists, tallies and messages as text columns.</summary>
internal static class StoredText
{
    public static string Of(IReadOnlyList<string> list) => JsonSerializer.Serialize(list);

    public static IReadOnlyList<string> List(string json) => JsonSerializer.Deserialize<string[]>(json) ?? [];

    /// <summary>Names in ordinal order, so that equal tallies are equal text.</summary>
    public static string Of(IReadOnlyDictionary<string, long> tally) => tally.Count == 0
        ? "{}"
        : JsonSerializer.Serialize(new SortedDictionary<string, long>(tally.ToDictionary(), StringComparer.Ordinal));

    public static Dictionary<string, long> Tally(string json) =>
        json == "{}" ? [] : JsonSerializer.Deserialize<Dictionary<string, long>>(json) ?? [];

    /// <summary>
    /// PostgreSQL holds neither the zero character nor unpaired surrogates. An error message may carry either (it may
    /// quote damaged input), and one bad message must not turn away the batch it is in: they become U+FFFD.
    /// </summary>
    [return: NotNullIfNotNull(nameof(message))]
    public static string? Clean(string? message)
    {
        if (message is null)
        {
            return null;
        }

        StringBuilder? clean = null;
        for (var i = 0; i < message.Length; i++)
        {
            var c = message[i];
            if (char.IsHighSurrogate(c) && i + 1 < message.Length && char.IsLowSurrogate(message[i + 1]))
            {
                i++;
            }
            else if (c == '\0' || char.IsSurrogate(c))
            {
                clean ??= new StringBuilder(message);
                clean[i] = '\uFFFD';
            }
        }

        return clean?.ToString() ?? message;
    }

    /// <summary>True where <see cref="Clean"/> would change nothing.</summary>
    public static bool IsStorable(string text) => ReferenceEquals(Clean(text), text);
}
