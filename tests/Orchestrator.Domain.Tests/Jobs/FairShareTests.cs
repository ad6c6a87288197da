using FsCheck.Xunit;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Tests.Jobs;

public class FairShareTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Property(MaxTest = 100)]
    public bool Next_AlwaysBusyTenants_ServiceOverWeightDiffersByOneChargeEach(byte[] rawWeights, byte[] rawCosts)
    {
        var weights = rawWeights.Take(8).Select((raw, i) => (Name: $"t{i}", Weight: 0.5 + (raw % 16))).ToArray();
        if (weights.Length < 2)
        {
            return true;
        }

        var costs = rawCosts.Select(raw => 0.1 + (raw / 64d)).DefaultIfEmpty(1).ToArray();
        var most = costs.Max();
        var share = new FairShare(new FairShareOptions { Weights = weights.ToDictionary(w => w.Name, w => w.Weight) });
        var tenantOf = new Dictionary<JobId, string>();
        foreach (var (name, _) in weights)
        {
            var id = JobId.Parse($"job-{name}");
            tenantOf[id] = name;
            share.SetJob(new FairShareJob(id, name, 3, Start));
        }

        var served = weights.ToDictionary(w => w.Name, _ => 0d);
        for (var turn = 0; turn < 400; turn++)
        {
            var tenant = tenantOf[share.Next(_ => JobFit.Cold)!.Value];
            var cost = costs[turn % costs.Length];
            share.Charge(tenant, cost);
            served[tenant] += cost;
            foreach (var a in weights)
            {
                foreach (var b in weights)
                {
                    var gap = (served[a.Name] / a.Weight) - (served[b.Name] / b.Weight);
                    if (gap > (most / a.Weight) + (most / b.Weight) + 1e-9)
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }

    [Fact]
    public void Next_WeightsTwoToOne_InterleavesDeterministically()
    {
        var share = Two(new FairShareOptions { Weights = new Dictionary<string, double> { ["a"] = 2 } });
        Assert.Equal("abaabaaba", Serve(share, 9));
    }

    [Fact]
    public void Next_TenantBackFromIdleness_GetsNoCredit()
    {
        var share = new FairShare(new FairShareOptions());
        share.SetJob(Job("a", "a"));
        Assert.Equal(new string('a', 50), Serve(share, 50));
        share.SetJob(Job("b", "b"));
        var order = Serve(share, 10);
        Assert.InRange(order.Count(c => c == 'b'), 5, 6);
    }

    [Property(MaxTest = 200)]
    public bool Next_AnyPriority_LateEnoughComersNeverOvertake(byte low, byte high, ushort lateMinutes)
    {
        var options = new FairShareOptions();
        var (first, second) = (1 + (low % 5), 1 + (high % 5));
        var share = new FairShare(options);
        var later = Start + TimeSpan.FromMinutes(lateMinutes);
        share.SetJob(new FairShareJob(JobId.Parse("old"), "t", first, Start));
        share.SetJob(new FairShareJob(JobId.Parse("young"), "t", second, later));
        var expected = later - Start < options.AgeingStep * (second - first) ? "young" : "old";
        var tie = later - Start == options.AgeingStep * (second - first);
        return share.Next(_ => JobFit.Cold)!.Value.Value == (tie ? "old" : expected);
    }

    [Fact]
    public void Next_WarmJobOfAnotherTenant_GoesAheadWithinTheLeadOnly()
    {
        var share = Two(new FairShareOptions { WarmLead = 2 });
        var order = Serve(share, 40, id => id.Value == "b" ? JobFit.Warm : JobFit.Cold);
        Assert.StartsWith("bb", order);
        for (var n = 1; n <= order.Length; n++)
        {
            Assert.InRange(order[..n].Count(c => c == 'b') - order[..n].Count(c => c == 'a'), -1, 4);
        }
    }

    [Fact]
    public void Next_WarmJobInTenant_OvertakesLessThanOneLevelOnly()
    {
        var share = new FairShare(new FairShareOptions());
        share.SetJob(new FairShareJob(JobId.Parse("cold"), "t", 3, Start));
        share.SetJob(new FairShareJob(JobId.Parse("warm-3"), "t", 3, Start + TimeSpan.FromMinutes(5)));
        Assert.Equal("warm-3", share.Next(id => id.Value == "cold" ? JobFit.Cold : JobFit.Warm)!.Value.Value);
        share.SetJob(new FairShareJob(JobId.Parse("warm-3"), "t", 1, Start + TimeSpan.FromMinutes(5)));
        Assert.Equal("cold", share.Next(id => id.Value == "cold" ? JobFit.Cold : JobFit.Warm)!.Value.Value);
    }

    [Fact]
    public void Next_NothingFits_IsNull()
    {
        var share = Two(new FairShareOptions());
        Assert.Null(share.Next(_ => JobFit.None));
        Assert.Equal("b", share.Next(id => id.Value == "b" ? JobFit.Cold : JobFit.None)!.Value.Value);
    }

    [Fact]
    public void RemoveJob_TenantInDebt_KeepsItWhenItReturns()
    {
        var share = Two(new FairShareOptions());
        share.Charge("a", 10);
        share.RemoveJob(JobId.Parse("a"));
        share.SetJob(Job("a", "a"));
        Assert.Equal("bbbbbbbbbb", Serve(share, 10));
    }

    private static FairShare Two(FairShareOptions options)
    {
        var share = new FairShare(options);
        share.SetJob(Job("a", "a"));
        share.SetJob(Job("b", "b"));
        return share;
    }

    private static FairShareJob Job(string id, string tenant) => new(JobId.Parse(id), tenant, 3, Start);

    /// <summary>Serves unit costs; ids are tenants here.</summary>
    private static string Serve(FairShare share, int turns, Func<JobId, JobFit>? fit = null) => string.Concat(
        Enumerable.Range(0, turns).Select(_ =>
        {
            var id = share.Next(fit ?? (_ => JobFit.Cold))!.Value.Value;
            share.Charge(id, 1);
            return id;
        }));
}
