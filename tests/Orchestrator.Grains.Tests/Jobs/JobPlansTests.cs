using Orchestrator.Grains.Jobs;
using Orchestrator.Grains.Tests.Support;

namespace Orchestrator.Grains.Tests.Jobs;

public class JobPlansTests
{
    [Fact]
    public void Ctor_TwoPlansOfOneKind_IsRefusedByName()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new JobPlans([new ToyPlan(), new ToyPlan()]));
        Assert.Contains("'toy'", error.Message);
    }

    [Fact]
    public void Find_UnknownKind_IsNull() => Assert.Null(new JobPlans([new ToyPlan()]).Find("other"));
}
