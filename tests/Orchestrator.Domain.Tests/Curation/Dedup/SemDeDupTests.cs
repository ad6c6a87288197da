using Orchestrator.Domain.Curation.Dedup;

namespace Orchestrator.Domain.Tests.Curation.Dedup;

public sealed class SemDeDupTests
{
    [Fact]
    public void Judge_Cancelled_StopsAtTheNextMember()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => SemDeDup.Judge(new float[8], 2, 0, 0.1, cancelled.Token));
    }
}
