using FsCheck;
using FsCheck.Xunit;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Tests.Jobs;

/// <summary>
/// Random histories of a ledger beside the rows it stands for. The rows are an independent model of the store's
/// compare-and-set rules (a few lines, below); writes are applied to them late, in any order, twice, or not at all.
/// </summary>
public class ShardLedgerProperties
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(30);

    [Property(MaxTest = 400)]
    public void AnyHistory_KeepsTheLaws(byte shards, uint seed, (byte Step, byte Pick)[] steps)
    {
        var world = new World(1 + (shards % 12), (int)seed);
        foreach (var (step, pick) in steps)
        {
            world.Do(step % 12, pick);
            world.CheckLaws();
        }

        world.SettleAll();
        world.CheckEqualToRows();
    }

    [Property(MaxTest = 200)]
    public void LongHistory_KeepsTheLaws(byte shards, int seed)
    {
        var world = new World(1 + (shards % 6), seed);
        var script = new Random(seed);
        for (var i = 0; i < 300; i++)
        {
            world.Do(script.Next(12), (byte)script.Next(256));
            world.CheckLaws();
        }

        world.SettleAll();
        world.CheckEqualToRows();
    }

    [Property(MaxTest = 200)]
    public void AnyHistory_ThenHealthyWorkers_DrainsExactlyOnce(byte shards, uint seed, (byte Step, byte Pick)[] steps)
    {
        var world = new World(1 + (shards % 12), (int)seed);
        foreach (var (step, pick) in steps)
        {
            world.Do(step % 12, pick);
        }

        world.SettleAll();
        world.RunToTheEnd();
        Assert.True(world.Ledger.IsDrained);
        world.CheckEqualToRows();
        Assert.All(world.CommitsPerShard, commits => Assert.InRange(commits, 0, 1));
    }

    private sealed class World
    {
        private readonly Random chance;
        private readonly RetryPolicy policy = new();
        private readonly Row[] rows;
        private readonly int[] seenAttempts;
        private readonly List<(LedgerTake Take, LeaseOwner Owner)> grantsUnderWay = [];
        private readonly List<LedgerDecision> decisionsUnderWay = [];
        private readonly List<(int Index, int Attempt, LeaseOwner Owner)> given = [];
        private readonly HashSet<int> offered = [];
        private readonly HashSet<(int Index, int Attempt)> begun = [];
        private readonly HashSet<(int Index, int Attempt)> unknown = [];
        private DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public World(int shards, int seed)
        {
            chance = new Random(seed);
            rows = [.. Enumerable.Range(0, shards).Select(_ => new Row())];
            seenAttempts = new int[shards];
            CommitsPerShard = new int[shards];
            Ledger = Read();
        }

        public ShardLedger Ledger { get; private set; }

        public int[] CommitsPerShard { get; }

        public void Do(int step, byte pick)
        {
            switch (step)
            {
                case 0 or 1:
                    var suspects = pick % 2 == 0;
                    if (Ledger.TryTake(now, out var take, suspects))
                    {
                        Assert.Equal(Enumerable.Range(0, rows.Length).First(i => IsFree(i) && (suspects || !Ledger.IsSuspect(i))), take.Index);
                        offered.Add(take.Index);
                        grantsUnderWay.Add((take, new LeaseOwner($"silo-{pick % 3}", $"w{pick % 5}")));
                    }

                    break;
                case 2 or 3:
                    WriteGrant(pick);
                    break;
                case 4:
                    WriteDecision(pick);
                    break;
                case 5:
                    Complete(pick);
                    break;
                case 6 when given.Count > 0:
                    var failing = given[pick % given.Count];
                    Add(Ledger.Fail(failing.Index, failing.Attempt, (FailureKind)(pick % 4), "x", now, chance.NextDouble()));
                    break;
                case 7 when given.Count > 0:
                    var released = given[pick % given.Count];
                    Add(Ledger.Release(released.Index, released.Attempt, now));
                    break;
                case 8 when given.Count > 0:
                    var beating = given[pick % given.Count];
                    Ledger.Renew(beating.Index, beating.Attempt, beating.Owner, now, Ttl);
                    if (pick % 3 > 0)
                    {
                        Ledger.Begin(beating.Index, beating.Attempt, beating.Owner);
                        begun.Add((beating.Index, beating.Attempt));
                    }
                    else
                    {
                        Ledger.Await(beating.Index, beating.Attempt, beating.Owner);
                        unknown.Remove((beating.Index, beating.Attempt));
                    }

                    break;
                case 9:
                    now += TimeSpan.FromSeconds(pick % 40);
                    decisionsUnderWay.AddRange(Ledger.Expire(now));
                    break;
                case 10:
                    LoseSilo($"silo-{pick % 3}");
                    break;
                case 11:
                    ReadAgain();
                    break;
            }

            if (Ledger.IsStale)
            {
                ReadAgain();
            }
        }

        public void CheckLaws()
        {
            var counts = Ledger.Counts;
            Assert.Equal(rows.Length, counts.Total);
            for (var i = 0; i < rows.Length; i++)
            {
                // One row, one attempt, one owner: two live leases on a shard cannot be told apart from here.
                var seen = Ledger[i];
                Assert.Equal(seen.State == ShardState.Leased, seen.Owner is not null);
                Assert.True(seen.Attempt >= seenAttempts[i], "attempts never fall");
                Assert.True(seen.Attempt <= rows[i].Attempt, "an attempt counts only once it is stored");
                seenAttempts[i] = seen.Attempt;
                Assert.True(seen.State.IsTerminal() || seen.State is ShardState.Pending or ShardState.Leased);
            }

            foreach (var (index, attempt, _) in given.Where(old => old.Attempt < Ledger[old.Index].Attempt))
            {
                Assert.False(Ledger.Commit(index, attempt), "a late commit of an old attempt is never accepted");
            }

            var held = new[] { "silo-0", "silo-1", "silo-2" }
                .SelectMany(silo => Enumerable.Range(0, 5).SelectMany(w => Ledger.LeasesOf(new LeaseOwner(silo, $"w{w}"))))
                .Select(lease => lease.Index).ToArray();
            Assert.Equal(held.Length, held.Distinct().Count());
            Assert.Equal(counts.Leased, held.Length);
        }

        public void CheckEqualToRows()
        {
            var read = Read();
            Assert.Equal(read.Counts, Ledger.Counts);
            for (var i = 0; i < rows.Length; i++)
            {
                // A back-off that is over may or may not have been noticed yet.
                Assert.Equal(Past(read[i]), Past(Ledger[i]));
            }

            LedgerRow Past(LedgerRow row) => row.ReadyAt <= now ? row with { ReadyAt = null } : row;
        }

        /// <summary>Every write under way ends, and a ledger that has seen a refusal is read again.</summary>
        public void SettleAll()
        {
            while (grantsUnderWay.Count + decisionsUnderWay.Count > 0)
            {
                WriteGrant(0);
                WriteDecision(0);
            }

            if (Ledger.IsStale)
            {
                ReadAgain();
            }
        }

        public void RunToTheEnd()
        {
            for (var round = 0; round < 10_000 && !Ledger.IsDrained; round++)
            {
                now = Ledger.NextDue is { } due && due > now ? due : now;
                decisionsUnderWay.AddRange(Ledger.Expire(now));
                SettleAll();
                while (Ledger.TryTake(now, out var take))
                {
                    grantsUnderWay.Add((take, new LeaseOwner("silo-0", "w0")));
                    WriteGrant(0);
                    Complete(take.Index, take.Attempt);
                }
            }
        }

        private bool IsFree(int index) =>
            Ledger[index] is { State: ShardState.Pending, ReadyAt: null }
            && !offered.Contains(index)
            && decisionsUnderWay.All(decision => decision.Index != index || decision.Attempt < Ledger[index].Attempt || rows[index].State != ShardState.Leased);

        private void Add(LedgerDecision? decision)
        {
            if (decision is not null)
            {
                decisionsUnderWay.Add(decision);
            }
        }

        private void LoseSilo(string silo)
        {
            var mine = Enumerable.Range(0, 5).SelectMany(w => Ledger.LeasesOf(new LeaseOwner(silo, $"w{w}"))).Select(l => l.Index).Order().ToArray();
            var decisions = Ledger.OwnerLost(silo, died: true, now);
            Assert.Equal(mine, decisions.Select(decision => decision.Index).Order());
            Assert.All(decisions, decision =>
            {
                Assert.Equal(decision.NewState, Ledger[decision.Index].State);
                Assert.Null(decision.ReadyAt);
                var working = begun.Contains((decision.Index, decision.Attempt)) || unknown.Contains((decision.Index, decision.Attempt));
                Assert.Equal(working ? 1 : 0, decision.AddWorkerDeaths);
                Assert.Equal(
                    working && Ledger[decision.Index].WorkerDeaths + 1 >= policy.MaxWorkerDeaths ? ShardState.Quarantined : ShardState.Pending,
                    decision.NewState);
                Assert.True(Ledger.IsSuspect(decision.Index) || Ledger[decision.Index].WorkerDeaths + 1 < policy.MaxWorkerDeaths - 1, "begun or not, this death counts for whom it is kept apart from");
            });
            decisionsUnderWay.AddRange(decisions);
        }

        private void WriteGrant(byte pick)
        {
            if (grantsUnderWay.Count == 0)
            {
                return;
            }

            var (take, owner) = grantsUnderWay[pick % grantsUnderWay.Count];
            grantsUnderWay.RemoveAt(pick % grantsUnderWay.Count);
            if (rows[take.Index].Grant(take.Attempt, owner))
            {
                offered.Remove(take.Index);
                given.Add((take.Index, take.Attempt, owner));
                Ledger.Granted(take, owner, now, Ttl);
            }
            else
            {
                Ledger.GrantRefused(take);
            }
        }

        private void WriteDecision(byte pick)
        {
            if (decisionsUnderWay.Count == 0)
            {
                return;
            }

            var decision = decisionsUnderWay[pick % decisionsUnderWay.Count];
            decisionsUnderWay.RemoveAt(pick % decisionsUnderWay.Count);
            Ledger.Settled(decision, rows[decision.Index].Withdraw(decision));
        }

        private void Complete(byte pick)
        {
            if (given.Count > 0)
            {
                Complete(given[pick % given.Count].Index, given[pick % given.Count].Attempt);
            }
        }

        private void Complete(int index, int attempt)
        {
            var row = rows[index];
            if (row.State == ShardState.Leased && row.Attempt == attempt)
            {
                row.State = ShardState.Committed;
                row.Owner = null;
                CommitsPerShard[index]++;
                Assert.True(Ledger.Commit(index, attempt));
            }
        }

        /// <summary>What is under way is then news to the new ledger.</summary>
        private void ReadAgain()
        {
            offered.Clear();
            begun.Clear();
            unknown.Clear();
            unknown.UnionWith(rows.Select((row, i) => (row, i)).Where(pair => pair.row.State == ShardState.Leased).Select(pair => (pair.i, pair.row.Attempt)));
            Ledger = Read();
        }

        private ShardLedger Read() => new(
            [.. rows.Select((row, i) => new LedgerRow(i, row.State, row.Attempt, row.Owner, row.ReadyAt, row.Failures, row.Deaths))],
            policy,
            now,
            Ttl);
    }

    /// <summary>A shard's row and the three compare-and-set rules of the store.</summary>
    private sealed class Row
    {
        public ShardState State { get; set; } = ShardState.Pending;

        public int Attempt { get; private set; }

        public LeaseOwner? Owner { get; set; }

        public DateTimeOffset? ReadyAt { get; private set; }

        public int Failures { get; private set; }

        public int Deaths { get; private set; }

        public bool Grant(int attempt, LeaseOwner owner)
        {
            if (State != ShardState.Pending || Attempt != attempt - 1)
            {
                return false;
            }

            (State, Attempt, Owner, ReadyAt) = (ShardState.Leased, attempt, owner, null);
            return true;
        }

        public bool Withdraw(LedgerDecision decision)
        {
            if (State != ShardState.Leased || Attempt != decision.Attempt)
            {
                return false;
            }

            (State, Owner, ReadyAt) = (decision.NewState, null, decision.ReadyAt);
            Failures += decision.AddFailures;
            Deaths += decision.AddWorkerDeaths;
            return true;
        }
    }
}
