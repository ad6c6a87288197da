using Orchestrator.Inference.Language;

namespace Orchestrator.Inference.Tests.Language;

public sealed class DeviceMemoryTests
{
    /// <summary>A cache bound to another GPU than the session's would be copied by every forward.</summary>
    [Fact]
    public void DeviceMemory_IsThatOfTheSessionsDevice()
    {
        using var memory = CacheRows.DeviceMemory("cuda", 1);
        Assert.Equal(("Cuda", 1), (memory!.Name, memory.Id));
        Assert.Null(CacheRows.DeviceMemory("cpu", 0));
    }
}
