using System.Numerics;

namespace Orchestrator.Domain.Jobs;

/// <summary>
/// A set of the integers 0 to <c>capacity - 1</c> that knows its smallest member: a bitmap with summary bitmaps above it,
/// 64 to 1. Adding, removing and finding the smallest cost one word per level (three levels for 100,000), and the whole
/// set takes little more than one bit per possible member.
/// </summary>
internal sealed class IndexSet
{
    private readonly ulong[][] levels;

    /// <summary>An empty set.</summary>
    public IndexSet(int capacity)
    {
        var sizes = new List<int>();
        var words = Math.Max(1, (capacity + 63) / 64);
        sizes.Add(words);
        while (words > 1)
        {
            words = (words + 63) / 64;
            sizes.Add(words);
        }

        levels = sizes.Select(size => new ulong[size]).ToArray();
    }

    /// <summary>Members.</summary>
    public int Count { get; private set; }

    /// <summary>Adds; false where it was in already.</summary>
    public bool Add(int index)
    {
        if (Contains(index))
        {
            return false;
        }

        Count++;
        foreach (var level in levels)
        {
            level[index >> 6] |= 1UL << (index & 63);
            index >>= 6;
        }

        return true;
    }

    /// <summary>Removes; false where it was not in.</summary>
    public bool Remove(int index)
    {
        if (!Contains(index))
        {
            return false;
        }

        Count--;
        foreach (var level in levels)
        {
            level[index >> 6] &= ~(1UL << (index & 63));
            if (level[index >> 6] != 0)
            {
                break;
            }

            index >>= 6;
        }

        return true;
    }

    /// <summary>Whether <paramref name="index"/> is in.</summary>
    public bool Contains(int index) => (levels[0][index >> 6] & (1UL << (index & 63))) != 0;

    /// <summary>The smallest member; -1 where the set is empty.</summary>
    public int Min()
    {
        if (Count == 0)
        {
            return -1;
        }

        var index = 0;
        for (var depth = levels.Length - 1; depth >= 0; depth--)
        {
            index = (index << 6) + BitOperations.TrailingZeroCount(levels[depth][index]);
        }

        return index;
    }
}
