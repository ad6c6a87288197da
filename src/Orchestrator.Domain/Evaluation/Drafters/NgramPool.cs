namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>Lookahead's pool: n-grams by first token, the newest few of each.</summary>
/// <param name="capacity">Continuations kept for each first token.</param>
internal sealed class NgramPool(int capacity)
{
    private readonly Dictionary<int, List<int[]>> byFirst = [];

    /// <summary>Adds an n-gram; one known already becomes the newest, and the oldest falls out of a full list.</summary>
    public void Add(ReadOnlySpan<int> ngram)
    {
        if (!byFirst.TryGetValue(ngram[0], out var list))
        {
            byFirst.Add(ngram[0], list = []);
        }

        var rest = ngram[1..].ToArray();
        list.RemoveAll(known => known.AsSpan().SequenceEqual(rest));
        list.Insert(0, rest);
        if (list.Count > capacity)
        {
            list.RemoveAt(capacity);
        }
    }

    /// <summary>What followed a token, newest first.</summary>
    public IReadOnlyList<int[]> Of(int first) => byFirst.TryGetValue(first, out var list) ? list : [];
}
