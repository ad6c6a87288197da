using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Tests.Jobs;

public class ShardLedgerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(30);
    private static readonly LeaseOwner Owner = new("silo-1", "w1");

    [Fact]
    public void Ctor_IndicesWithAGap_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => Ledger(Pending(0), Pending(2)));
        Assert.Contains("dense", error.Message);
    }

    [Fact]
    public void TryTake_ReadyShards_LowestIndexFirst()
    {
        var ledger = Ledger(Pending(0), Pending(1) with { ReadyAt = Now.AddSeconds(5) }, Pending(2));
        Assert.Equal([0, 2], TakeAll(ledger, Now));
        Assert.Equal(Now.AddSeconds(5), ledger.NextDue);
        Assert.Equal([], TakeAll(ledger, Now.AddSeconds(4.9)));
        Assert.Equal([1], TakeAll(ledger, Now.AddSeconds(5)));
    }

    [Fact]
    public void Fail_Transient_ComesBackAfterItsBackOff()
    {
        var ledger = Ledger(Pending(0));
        Lease(ledger);
        var decision = ledger.Fail(0, 1, FailureKind.Transient, "disk full", Now, chance: 0.5)!;
        Assert.Equal(new LedgerDecision(0, 1, ShardState.Pending, "failed", "disk full", Now.AddSeconds(0.5), 1, 0), decision);
        Assert.False(ledger.HasReady(Now.AddDays(1)));
        ledger.Settled(decision, took: true);
        Assert.False(ledger.HasReady(Now.AddSeconds(0.4)));
        Assert.True(ledger.TryTake(Now.AddSeconds(0.5), out var take));
        Assert.Equal(2, take.Attempt);
    }

    [Fact]
    public void Fail_Repeated_DecidesOnce()
    {
        var ledger = Ledger(Pending(0));
        Lease(ledger);
        Assert.NotNull(ledger.Fail(0, 1, FailureKind.Transient, "x", Now, 0));
        Assert.Null(ledger.Fail(0, 1, FailureKind.Transient, "x", Now, 0));
    }

    [Fact]
    public void Expire_RenewedLease_Stays()
    {
        var ledger = Ledger(Pending(0), Pending(1));
        Lease(ledger);
        Lease(ledger);
        Assert.Equal(RenewVerdict.Renewed, ledger.Renew(1, 1, Owner, Now.AddSeconds(20), Ttl));
        Assert.Empty(ledger.Expire(Now.AddSeconds(29)));
        Assert.Equal([0], ledger.Expire(Now.AddSeconds(30)).Select(decision => decision.Index));
        Assert.Empty(ledger.Expire(Now.AddSeconds(49)));
        Assert.Equal([1], ledger.Expire(Now.AddSeconds(50)).Select(decision => decision.Index));
    }

    [Fact]
    public void Renew_TellsWhoHoldsWhat()
    {
        var ledger = Ledger(Pending(0));
        Lease(ledger);
        Assert.Equal(RenewVerdict.NotHeld, ledger.Renew(0, 1, Owner with { Silo = "silo-2" }, Now, Ttl));
        Assert.Equal(RenewVerdict.NotHeld, ledger.Renew(0, 0, Owner, Now, Ttl));
        Assert.Equal(RenewVerdict.Unknown, ledger.Renew(0, 2, Owner, Now, Ttl));
    }

    [Fact]
    public void Ctor_LeasedRow_HasAFullTimeToLiveOfGrace()
    {
        var ledger = Ledger(new LedgerRow(0, ShardState.Leased, 3, Owner, null, 0, 1));
        ledger.Begin(0, 3, Owner);
        Assert.Empty(ledger.Expire(Now + Ttl - TimeSpan.FromTicks(1)));
        var decision = Assert.Single(ledger.Expire(Now + Ttl));
        Assert.Equal((3, ShardState.Pending, 1), (decision.Attempt, decision.NewState, decision.AddWorkerDeaths));
    }

    [Fact]
    public void OwnerLost_ThirdDeath_QuarantinesThatShardOnly()
    {
        var ledger = Ledger(new LedgerRow(0, ShardState.Leased, 3, Owner, null, 0, 2), new LedgerRow(1, ShardState.Leased, 1, Owner, null, 0, 0));
        ledger.Begin(0, 3, Owner);
        ledger.Begin(1, 1, Owner);
        var decisions = ledger.OwnerLost("silo-1", died: true, Now);
        Assert.Equal([ShardState.Quarantined, ShardState.Pending], decisions.Select(decision => decision.NewState));
        Assert.Equal([1, 1], decisions.Select(decision => decision.AddWorkerDeaths));
    }

    [Fact]
    public void OwnerLost_LeaseGivenInAdvance_CountsNoDeathAndIsNotGivenInAdvanceAgain()
    {
        var ledger = Ledger(new LedgerRow(0, ShardState.Leased, 3, Owner, null, 0, 2), Pending(1), Pending(2));
        ledger.Await(0, 3, Owner);
        ledger.Begin(0, 3, Owner with { Worker = "another" });
        ledger.Begin(0, 2, Owner);
        var decision = Assert.Single(ledger.OwnerLost("silo-1", died: true, Now));
        Assert.Equal((ShardState.Pending, 0), (decision.NewState, decision.AddWorkerDeaths));
        ledger.Settled(decision, took: true);

        Assert.True(ledger.IsSuspect(0));
        Assert.True(ledger.TryTake(Now, out var clear, suspects: false));
        Assert.Equal(1, clear.Index);
        Assert.True(ledger.TryTake(Now, out var suspect));
        Assert.Equal(0, suspect.Index);
        ledger.Granted(suspect, Owner, Now, Ttl);
        Assert.True(ledger.HoldsSuspect(Owner));
        Assert.False(ledger.HasReadySuspect(Now));
        Assert.True(ledger.HasReady(Now, suspects: false));
    }

    /// <summary>A shard that kills a process that holds the dispatcher too: the next one knows of it from the rows alone.</summary>
    [Fact]
    public void OwnerLost_LeaseReadFromRows_CountsADeathUnlessItsWorkerSaidThatItWaits()
    {
        var ledger = Ledger(new LedgerRow(0, ShardState.Leased, 3, Owner, null, 0, 2), new LedgerRow(1, ShardState.Leased, 1, Owner, null, 0, 2));
        ledger.Await(1, 1, Owner with { Worker = "another" });
        ledger.Await(1, 1, Owner);
        Assert.Equal([(ShardState.Quarantined, 1), (ShardState.Pending, 0)], ledger.OwnerLost("silo-1", died: true, Now).Select(decision => (decision.NewState, decision.AddWorkerDeaths)));
    }

    /// <summary>A shard that kills its workers before they can say that they have begun it, beside neighbours that they have.</summary>
    [Fact]
    public void OwnerLost_TwiceBeforeItWasBegun_IsASuspectLikeItsNeighbours()
    {
        var ledger = Ledger(Pending(0), Pending(1));
        for (var death = 1; death <= 2; death++)
        {
            Assert.False(ledger.HasReadySuspect(Now));
            for (var i = 0; i < 2; i++)
            {
                Assert.True(ledger.TryTake(Now, out var take));
                ledger.Granted(take, Owner, Now, Ttl);
            }

            ledger.Begin(1, death, Owner);
            foreach (var decision in ledger.OwnerLost("silo-1", died: true, Now))
            {
                ledger.Settled(decision, took: true);
            }
        }

        Assert.Equal((0, 2), (ledger[0].WorkerDeaths, ledger[1].WorkerDeaths));
        Assert.True(ledger.IsSuspect(0) && ledger.IsSuspect(1));
    }

    [Fact]
    public void GrantRefused_Ledger_IsStale()
    {
        var ledger = Ledger(Pending(0));
        Assert.True(ledger.TryTake(Now, out var take));
        Assert.False(ledger.IsStale);
        ledger.GrantRefused(take);
        Assert.True(ledger.IsStale);
    }

    [Fact]
    public void IsDrained_WaitsForWritesUnderWay()
    {
        var ledger = Ledger(Pending(0));
        Lease(ledger);
        var decision = ledger.Fail(0, 1, FailureKind.Fatal, "corrupt", Now, 0)!;
        Assert.False(ledger.IsDrained);
        ledger.Settled(decision, took: true);
        Assert.True(ledger.IsDrained);
    }

    [Fact]
    public void Facts_ToldToALedgerReadBeforeTheWrites_AreCaughtUpWith()
    {
        // Granted, committed; granted, failed: all written while these rows were on their way.
        var ledger = Ledger(Pending(0), Pending(1));
        ledger.Granted(new LedgerTake(0, 1), Owner, Now, Ttl);
        Assert.True(ledger.Commit(0, 1));
        ledger.Granted(new LedgerTake(1, 1), Owner, Now, Ttl);
        ledger.Settled(new LedgerDecision(1, 1, ShardState.Failed, "failed", "x", null, 1, 0), took: true);
        Assert.True(ledger.IsDrained);
        Assert.Equal(new LedgerCounts(0, 0, 1, 1, 0), ledger.Counts);

        // And told once more, they change nothing.
        ledger.Granted(new LedgerTake(0, 1), Owner, Now, Ttl);
        Assert.Equal(new LedgerCounts(0, 0, 1, 1, 0), ledger.Counts);
        Assert.False(ledger.IsStale);
    }

    [Fact]
    public void ManyShortLeases_DeadlineQueue_StaysSmall()
    {
        var ledger = new ShardLedger([.. Enumerable.Range(0, 100_000).Select(Pending)], new RetryPolicy(), Now, Ttl);
        var before = GC.GetAllocatedBytesForCurrentThread();
        while (ledger.TryTake(Now, out var take))
        {
            ledger.Granted(take, Owner, Now, Ttl);
            Assert.True(ledger.Commit(take.Index, take.Attempt));
        }

        Assert.True(ledger.IsDrained);

        // About 40 bytes a lease for the lease itself; a queue that only grew would copy itself to many times that.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000 * 200);
    }

    private static LedgerRow Pending(int index) => new(index, ShardState.Pending, 0, null, null, 0, 0);

    private static ShardLedger Ledger(params LedgerRow[] rows) => new(rows, new RetryPolicy(), Now, Ttl);

    private static void Lease(ShardLedger ledger)
    {
        Assert.True(ledger.TryTake(Now, out var take));
        ledger.Granted(take, Owner, Now, Ttl);
    }

    private static List<int> TakeAll(ShardLedger ledger, DateTimeOffset now)
    {
        var taken = new List<int>();
        while (ledger.TryTake(now, out var take))
        {
            taken.Add(take.Index);
        }

        return taken;
    }
}
