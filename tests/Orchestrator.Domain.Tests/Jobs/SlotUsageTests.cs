using FsCheck.Xunit;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Tests.Jobs;

public class SlotUsageTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 30, TimeSpan.Zero);

    /// <summary>Against a list of everything that ever ended, summed anew each time.</summary>
    [Property(MaxTest = 200)]
    public bool Used_AnyLeases_IsTheSumOfTheMinutesInTheWindow((byte Advance, ushort Milliseconds, bool Other)[] leases, byte window)
    {
        var minutes = 1 + (window % 30);
        var usage = new SlotUsage(TimeSpan.FromMinutes(minutes));
        var all = new List<(string Tenant, long Minute, long Milliseconds)>();
        var now = Start;
        foreach (var (advance, milliseconds, other) in leases)
        {
            now += TimeSpan.FromSeconds(advance);
            var tenant = other ? "b" : "a";
            usage.Begin(tenant, 2);
            usage.End(tenant, 2, milliseconds / 1000d, now);
            all.Add((tenant, now.ToUnixTimeSeconds() / 60, milliseconds));
            var first = (now.ToUnixTimeSeconds() / 60) - minutes + 1;
            foreach (var name in (string[])["a", "b"])
            {
                var expected = all.Where(l => l.Tenant == name && l.Minute >= first).Sum(l => l.Milliseconds) / 1000d;
                if (Math.Abs(usage.Used(name, now) - expected) > 0.002 * all.Count)
                {
                    return false;
                }
            }
        }

        return true;
    }

    [Fact]
    public void Used_RunningLeases_CountByTheirEstimate()
    {
        var usage = new SlotUsage(TimeSpan.FromHours(1));
        usage.Begin("a", 10);
        usage.Begin("a", 5);
        Assert.Equal(15, usage.Used("a", Start));
        usage.End("a", 10, 4, Start);
        Assert.Equal(9, usage.Used("a", Start));
        usage.End("a", 5, 0, Start);
        Assert.Equal(4, usage.Used("a", Start));
        Assert.Equal(0, usage.Used("b", Start));
    }

    [Property(MaxTest = 200)]
    public bool UntilBelow_AnyLimit_IsTheFirstMomentBelowIt((byte Advance, ushort Milliseconds)[] leases, ushort limitMilliseconds)
    {
        var usage = new SlotUsage(TimeSpan.FromMinutes(5));
        var now = Start;
        foreach (var (advance, milliseconds) in leases)
        {
            now += TimeSpan.FromSeconds(advance);
            usage.End("a", 0, milliseconds / 1000d, now);
        }

        var limit = 0.001 + (limitMilliseconds / 1000d);
        var wait = usage.UntilBelow("a", limit, now);
        if (wait == TimeSpan.Zero)
        {
            return usage.Used("a", now) < limit;
        }

        // One look before the moment and one at it; the look that moves the window comes last.
        return usage.Used("a", now) >= limit && usage.Used("a", now + wait - TimeSpan.FromMilliseconds(1)) >= limit && usage.Used("a", now + wait) < limit;
    }

    [Fact]
    public void TakeUnsaved_LoadedElsewhere_GivesTheSameWindow()
    {
        var usage = new SlotUsage(TimeSpan.FromMinutes(10));
        usage.End("a", 0, 3, Start);
        usage.End("a", 0, 4, Start + TimeSpan.FromMinutes(2));
        var first = usage.TakeUnsaved();
        usage.PutBack(first);
        usage.End("a", 0, 1, Start + TimeSpan.FromMinutes(2));
        var rows = usage.TakeUnsaved();
        Assert.Empty(usage.TakeUnsaved());

        var again = new SlotUsage(TimeSpan.FromMinutes(10));
        foreach (var row in rows)
        {
            again.Load(row);
        }

        Assert.Equal(8, again.Used("a", Start + TimeSpan.FromMinutes(2)));
        Assert.Equal(5, again.Used("a", Start + TimeSpan.FromMinutes(10)));
        Assert.Empty(again.TakeUnsaved());
    }
}
