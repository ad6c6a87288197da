using System.Globalization;

namespace Orchestrator.BadInput.Tests;

/// <summary>What a piece of work may cost at most, so that a size field that lies is seen.</summary>
internal static class MemoryBound
{
    /// <summary>Most memory that this process has held at once, native decoders included, in bytes; null where the system does not tell.</summary>
    public static long? Peak() => File.Exists("/proc/self/status")
        ? File.ReadLines("/proc/self/status").Where(l => l.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Select(l => (long?)long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024).FirstOrDefault()
        : null;

    /// <summary>Fails where managed code asked for more than <paramref name="allocated"/> bytes in all since <paramref name="before"/>, or the process held more than <paramref name="peak"/> at once.</summary>
    public static void Assert(long before, long allocated, long peak)
    {
        var asked = GC.GetTotalAllocatedBytes() - before;
        Xunit.Assert.True(asked <= allocated, $"{asked / 1e6:N0} MB were allocated, more than {allocated / 1e6:N0}");
        Xunit.Assert.True(Peak() is not { } held || held <= peak, $"the process held {Peak() / 1e6:N0} MB, more than {peak / 1e6:N0}");
    }
}
