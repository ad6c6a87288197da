namespace Orchestrator.Domain.Curation.Dedup;

/// <summary>Disjoint sets of the numbers 0 to n - 1; a set's name is its smallest member. 4 bytes a number. Not thread-safe.</summary>
public sealed class UnionFind
{
    private readonly int[] _parents;

    /// <param name="count">n, 0 or more. Each number begins as a set of its own.</param>
    public UnionFind(int count)
    {
        _parents = new int[count];
        for (var i = 0; i < count; i++)
        {
            _parents[i] = i;
        }
    }

    /// <summary>Name of the set that holds <paramref name="item"/>.</summary>
    public int Find(int item)
    {
        while (_parents[item] != item)
        {
            _parents[item] = _parents[_parents[item]];
            item = _parents[item];
        }

        return item;
    }

    /// <summary>Makes one set of the sets of two numbers.</summary>
    public void Union(int first, int second)
    {
        var (a, b) = (Find(first), Find(second));
        _parents[Math.Max(a, b)] = Math.Min(a, b);
    }
}
