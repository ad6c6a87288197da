using FsCheck.Xunit;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Tests.Jobs;

public class DeviceHealthTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly JobId[] Jobs = [.. Enumerable.Range(0, 5).Select(i => JobId.Parse($"job-{i}"))];

    [Fact]
    public void ThreeDistinctJobsInARow_Cordon()
    {
        var health = new DeviceHealth(new DevicePolicy());
        Assert.False(health.OnFailure(Jobs[0], FailureKind.Transient, true, Start));
        Assert.False(health.OnFailure(Jobs[0], FailureKind.Transient, true, Start));
        Assert.False(health.OnFailure(Jobs[1], FailureKind.Resource, true, Start));
        Assert.True(health.OnFailure(Jobs[2], FailureKind.Transient, true, Start));
        Assert.True(health.IsCordoned);
        health.OnSuccess();
        Assert.True(health.IsCordoned);
        health.Uncordon();
        Assert.False(health.IsCordoned);
        Assert.False(health.OnFailure(Jobs[3], FailureKind.Transient, true, Start));
    }

    /// <summary>The rule, said another way: look back from each failure as far as the last success.</summary>
    [Property(MaxTest = 500)]
    public void AnyHistory_CordonsExactlyWhereTheLastFailuresAreOfDistinctJobs((byte What, byte Job, byte Minutes)[] history, byte limit)
    {
        var policy = new DevicePolicy { Jobs = limit % 4, Window = TimeSpan.FromMinutes(10) };
        var health = new DeviceHealth(policy);
        var now = Start;
        var past = new List<(JobId? Job, DateTimeOffset At)>();
        foreach (var (what, pick, minutes) in history)
        {
            now += TimeSpan.FromMinutes(minutes % 4);
            var job = Jobs[pick % Jobs.Length];
            if (what % 5 == 0)
            {
                health.OnSuccess();
                past.Add((null, now));
                continue;
            }

            var kind = (FailureKind)(what % 4);
            var hasCommits = what % 7 != 0;
            var counts = hasCommits && kind is FailureKind.Transient or FailureKind.Resource && hasCommits;
            if (counts)
            {
                past.Add((job, now));
            }

            var since = past.FindLastIndex(entry => entry.Job is null) + 1;
            var distinct = past.Skip(since).Where(entry => entry.At >= now - policy.Window).Select(entry => entry.Job).Distinct().Count();
            var opens = counts && policy.Jobs > 0 && distinct >= policy.Jobs;
            Assert.Equal(opens, health.OnFailure(job, kind, hasCommits, now));
            Assert.Equal(opens, health.IsCordoned);
            if (opens)
            {
                health.Uncordon();
                past.Clear();
            }
        }
    }
}
