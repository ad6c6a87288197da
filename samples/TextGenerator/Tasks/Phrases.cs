namespace Orchestrator.Samples.TextGenerator.Tasks;

internal static class Phrases
{
    public static string Capital(string words) => char.ToUpperInvariant(words[0]) + words[1..];

    public static string Article(string word) => ("aeiou".Contains(word[0], StringComparison.Ordinal) ? "an " : "a ") + word;

    public static string Join(IReadOnlyList<string> parts) => parts.Count == 1
        ? parts[0]
        : string.Join(", ", parts.Take(parts.Count - 1)) + " and " + parts[^1];

    /// <summary>Different items in random order.</summary>
    public static T[] PickSome<T>(this SeededStream stream, IReadOnlyList<T> items, int count)
    {
        var pool = items.ToArray();
        for (var i = 0; i < count; i++)
        {
            var j = i + stream.Next(pool.Length - i);
            (pool[i], pool[j]) = (pool[j], pool[i]);
        }

        return pool[..count];
    }
}
