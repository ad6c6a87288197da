using FsCheck.Xunit;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Tests.Jobs;

public class RetryPolicyTests
{
    private static readonly RetryPolicy Policy = new();

    [Property]
    public bool OnFailure_BackOff_IsFullJitterUnderDoublingCap(byte failures, byte chance)
    {
        var before = failures % (Policy.MaxFailures - 1);
        var verdict = Policy.OnFailure(FailureKind.Transient, before, chance / 256d);
        var ceiling = Math.Min(300, Math.Pow(2, before));
        return verdict.State == ShardState.Pending
            && Math.Abs(verdict.Delay.TotalSeconds - (ceiling * chance / 256d)) < 1e-6;
    }

    [Fact]
    public void OnFailure_ManyFailuresAllowed_NeverExceedsMaxDelay()
    {
        var patient = Policy with { MaxFailures = 100 };
        Assert.All(Enumerable.Range(0, 99), failures =>
            Assert.InRange(patient.OnFailure(FailureKind.Resource, failures, 0.999).Delay, TimeSpan.Zero, patient.MaxDelay));
    }

    [Theory]
    [InlineData(FailureKind.Transient)]
    [InlineData(FailureKind.Resource)]
    public void OnFailure_FourthCounted_Fails(FailureKind kind)
    {
        Assert.Equal(ShardState.Pending, Policy.OnFailure(kind, 2, 0.5).State);
        Assert.Equal(new RetryVerdict(ShardState.Failed, TimeSpan.Zero, 1, 0), Policy.OnFailure(kind, 3, 0.5));
    }

    [Fact]
    public void OnFailure_Fatal_FailsAtOnce() =>
        Assert.Equal(ShardState.Failed, Policy.OnFailure(FailureKind.Fatal, 0, 0).State);

    [Property]
    public bool OnFailure_Infrastructure_NeverCountsAndNeverFails(byte failures) =>
        Policy.OnFailure(FailureKind.Infrastructure, failures, 0.5) is { State: ShardState.Pending, AddFailures: 0, AddWorkerDeaths: 0 };

    [Fact]
    public void OnLoss_ThirdDeath_Quarantines()
    {
        Assert.Equal(ShardState.Pending, Policy.OnLoss(workerDied: true, 1).State);
        Assert.Equal(new RetryVerdict(ShardState.Quarantined, TimeSpan.Zero, 0, 1), Policy.OnLoss(workerDied: true, 2));
        Assert.Equal(new RetryVerdict(ShardState.Pending, TimeSpan.Zero, 0, 0), Policy.OnLoss(workerDied: false, 2));
    }
}
