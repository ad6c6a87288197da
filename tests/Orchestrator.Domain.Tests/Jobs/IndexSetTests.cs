using FsCheck.Xunit;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Tests.Jobs;

public class IndexSetTests
{
    [Property(MaxTest = 200)]
    public bool AnySequence_EqualsSortedSet(int size, (int Index, bool Add)[] steps)
    {
        var capacity = 1 + ((size & int.MaxValue) % 10_000);
        var set = new IndexSet(capacity);
        var oracle = new SortedSet<int>();
        foreach (var (raw, add) in steps)
        {
            var index = (int)((uint)(raw * 2_654_435_761) % capacity);
            if (add ? set.Add(index) != oracle.Add(index) : set.Remove(index) != oracle.Remove(index))
            {
                return false;
            }

            if (set.Count != oracle.Count || set.Min() != (oracle.Count == 0 ? -1 : oracle.Min) || set.Contains(index) != oracle.Contains(index))
            {
                return false;
            }
        }

        return true;
    }

    [Fact]
    public void Min_OfManyRemovedInOrder_CountsUp()
    {
        const int capacity = 300_000;
        var set = new IndexSet(capacity);
        for (var i = capacity - 1; i >= 0; i--)
        {
            Assert.True(set.Add(i));
        }

        for (var i = 0; i < capacity; i++)
        {
            Assert.Equal(i, set.Min());
            set.Remove(i);
        }

        Assert.Equal(-1, set.Min());
    }
}
