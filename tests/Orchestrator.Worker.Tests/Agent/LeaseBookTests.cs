using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Tests.Agent;

/// <summary>Laws of the book under any order of events.</summary>
public sealed class LeaseBookTests
{
    private const int Shards = 6;

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 2)]
    [InlineData(4, 0)]
    public void ReleaseWaiting_FreeSlots_KeepTheirLeases(int slots, int handedBack)
    {
        var book = new LeaseBook();
        var leases = Enumerable.Range(0, 4).Select(i => book.Accept(AgentHost.Lease(i, 1))!).ToArray();
        Assert.True(book.TryStart(leases[0], 1));

        Assert.Equal(handedBack, book.ReleaseWaiting(slots));
        Assert.Equal(handedBack, book.Snapshot().Released.Length);
        Assert.Contains(leases[0].Ref, book.Snapshot().Running);
    }

    /// <summary>
    /// For random sequences of grants, starts, ends, stops, fences, drains and (lost or answered) exchanges: no exchange names
    /// a lease twice; a filed completion is in every exchange until one that carried it is answered, and in none after; and
    /// an end is accepted exactly while the lease is held.
    /// </summary>
    [Property(MaxTest = 500)]
    public void RandomEvents_LoseNothingAndNameNothingTwice((byte Event, byte Shard)[] events)
    {
        var book = new LeaseBook();
        var held = new Dictionary<int, HeldLease>();
        var owed = new HashSet<LeaseRef>();
        var attempts = new int[Shards];
        foreach (var (kind, pick) in events)
        {
            var shard = pick % Shards;
            held.TryGetValue(shard, out var lease);
            switch (kind % 9)
            {
                case 0 when lease is null:
                    held[shard] = book.Accept(AgentHost.Lease(shard, ++attempts[shard]))!;
                    Assert.Null(book.Accept(held[shard].Grant));
                    break;
                case 1 when lease is { StartedAt: null }:
                    Assert.True(book.TryStart(lease, 1));
                    break;
                case 2 when lease is { StartedAt: not null }:
                    Assert.True(book.Complete(lease, Done(lease)));
                    Assert.False(book.Complete(lease, Done(lease)));
                    owed.Add(lease.Ref);
                    Ended(shard);
                    break;
                case 3 when lease is { StartedAt: not null }:
                    Assert.True(book.Fail(lease, new ShardFault(lease.Ref, FailureKind.Transient, "x", null)));
                    owed.Add(lease.Ref);
                    Ended(shard);
                    break;
                case 4 when lease is not null:
                    Assert.Equal(1, book.Revoke([lease.Ref]));
                    Assert.False(lease.StartedAt is null ? book.TryStart(lease, 1) : book.Complete(lease, Done(lease)));
                    Ended(shard);
                    break;
                case 5:
                    book.RevokeAll();
                    Assert.All(held.Values, gone => Assert.True(gone.Token.IsCancellationRequested));
                    foreach (var gone in held.Keys.ToArray())
                    {
                        Ended(gone);
                    }

                    break;
                case 6:
                    book.ReleaseWaiting(slots: 0);
                    foreach (var (index, waiting) in held.Where(pair => pair.Value.StartedAt is null).ToArray())
                    {
                        owed.Add(waiting.Ref);
                        Ended(index);
                    }

                    break;
                case 7:
                    // The reply is lost: nothing may change.
                    Check(book.Snapshot());
                    break;
                case 8:
                    var sent = book.Snapshot();
                    Check(sent);
                    var refused = sent.Completed.Take(1).Select(report => report.Lease).ToArray();
                    Assert.Equal(refused, book.Acknowledge(sent, refused).Select(attempt => attempt.Report.Lease));
                    owed.Clear();
                    break;
            }

            Assert.Equal(held.Count, book.Occupied);
            Assert.Equal(held.Count + owed.Count == 0, book.IsEmpty);
        }

        Check(book.Snapshot());

        void Ended(int shard)
        {
            if (held.Remove(shard, out var gone) && gone.StartedAt is not null)
            {
                book.End(gone);
            }
        }

        void Check(AgentReport report)
        {
            Assert.Equal(held.Values.Select(lease => lease.Ref).ToHashSet(), report.Running.ToHashSet());
            LeaseRef[] reported = [.. report.Completed.Select(r => r.Lease), .. report.Failed.Select(r => r.Lease), .. report.Released];
            Assert.Equal(owed, reported.ToHashSet());
            Assert.Equal(owed.Count, reported.Length);
            Assert.Empty(reported.Intersect(report.Running));
        }
    }

    [Fact]
    public void ReportFiledAfterTheSnapshot_SurvivesItsAcknowledgement()
    {
        var book = new LeaseBook();
        var sent = book.Snapshot();
        var lease = book.Accept(AgentHost.Lease(0))!;
        book.TryStart(lease, 1);
        book.Complete(lease, Done(lease));

        book.Acknowledge(sent, []);

        Assert.Single(book.Snapshot().Completed);
    }

    [Fact]
    public void WorkThatIsBeingStopped_IsHandedBackWhenItEndsAndNotBefore()
    {
        var book = new LeaseBook();
        var lease = book.Accept(AgentHost.Lease(0))!;
        book.TryStart(lease, 1);

        Assert.Equal(1, book.StopRunning());
        Assert.Equal(0, book.StopRunning());
        Assert.True(lease.Token.IsCancellationRequested);
        Assert.Equal([lease.Ref], book.Snapshot().Running);
        book.Stopped(lease);

        Assert.Equal([lease.Ref], book.Snapshot().Released);
        Assert.Empty(book.Snapshot().Running);
    }

    [Fact]
    public void LostLeaseWhoseWorkGoesOn_KeepsItsSlot()
    {
        var book = new LeaseBook();
        var lease = book.Accept(AgentHost.Lease(0))!;
        book.TryStart(lease, 1);
        book.RevokeAll();
        Assert.Equal(1, book.Occupied);

        book.End(lease);
        Assert.Equal(0, book.Occupied);
    }

    /// <summary>All leases ran out while nobody answered, the control plane is back and gives the same attempt again; the slot is still at it.</summary>
    [Fact]
    public void AttemptGivenAgainWhileItsWorkGoesOn_IsHandedBack()
    {
        var book = new LeaseBook();
        var lease = book.Accept(AgentHost.Lease(0))!;
        book.TryStart(lease, 1);
        book.RevokeAll();

        Assert.Null(book.Accept(lease.Grant));
        Assert.Equal([lease.Ref], book.Snapshot().Released);
        Assert.Empty(book.Snapshot().Running);

        book.Acknowledge(book.Snapshot(), []);
        book.End(lease);
        Assert.NotNull(book.Accept(AgentHost.Lease(0, 2)));
    }

    private static FinishedAttempt Done(HeldLease lease) =>
        new(new ShardCompletion(lease.Ref, "{}", "d", [], TimeSpan.Zero), null!, null!);
}
