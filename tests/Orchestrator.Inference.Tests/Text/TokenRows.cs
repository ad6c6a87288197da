using System.Text.Json;

namespace Orchestrator.Inference.Tests.Text;

/// <summary>Compares a tokenizer with the stored ids of strings.json, row by row.</summary>
internal static class TokenRows
{
    public static string[] Strings { get; } = [.. VectorFiles.Json("strings.json").EnumerateArray().Select(s => s.GetString()!)];

    /// <summary>Every row of the file's list must be what <paramref name="encode"/> gives for the string in its place.</summary>
    public static void AssertEqual(string list, string file, Func<string, IEnumerable<int>> encode, params string[] extra)
    {
        string[] strings = [.. Strings, .. extra];
        var expected = VectorFiles.Json(file).GetProperty(list).Deserialize<int[][]>()!;
        Assert.Equal(strings.Length, expected.Length);
        AssertEqual(expected.Select((ids, i) => (strings[i], ids)), encode);
    }

    public static void AssertEqual(IEnumerable<(string Text, int[] Ids)> rows, Func<string, IEnumerable<int>> encode)
    {
        var wrong = new List<string>();
        var count = 0;
        foreach (var (text, ids) in rows)
        {
            count++;
            var actual = encode(text).ToArray();
            if (!actual.SequenceEqual(ids))
            {
                wrong.Add($"{JsonSerializer.Serialize(text.Length > 60 ? text[..60] : text)}: {string.Join(' ', actual.Take(24))} against {string.Join(' ', ids.Take(24))}");
            }
        }

        Assert.True(count > 20);
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count} differ:\n{string.Join('\n', wrong.Take(12))}");
    }
}
