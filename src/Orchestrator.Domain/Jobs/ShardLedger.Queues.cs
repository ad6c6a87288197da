namespace Orchestrator.Domain.Jobs;

/// <summary>The queues behind the ledger's decisions: what is ready, what backs off, which leases run until when.</summary>
public sealed partial class ShardLedger
{
    private static byte Saturate(int value) => (byte)Math.Clamp(value, 0, byte.MaxValue);

    private bool IsLive(int index, int attempt) =>
        leases.TryGetValue(index, out var lease) && lease.Attempt == attempt;

    private LedgerDecision Lost(int index, Lease lease, bool died, string what, DateTimeOffset now)
    {
        // What was not begun, as far as is known, is not to blame; it may have been begun a moment ago all the same, and so it is
        // kept apart like the others. Of a lease read from rows nobody has said either, and the process may have died with the
        // dispatcher that knew: it counts as begun, or a shard that takes both along would never be quarantined.
        var begun = lease.Begun ?? true;
        cells[index].Exposed = Saturate(cells[index].Exposed + (died ? 1 : 0));
        return Decide(
            index, policy.OnLoss(died && begun, cells[index].Deaths), "lost", begun ? $"{what}." : $"{what} before it began this shard.", now);
    }

    private LedgerDecision Decide(int index, RetryVerdict verdict, string outcome, string? error, DateTimeOffset now)
    {
        ref var cell = ref cells[index];
        Detach(index);
        Move(ref cell, verdict.State);
        cell.Flag = Flag.Unsettled;
        inFlight++;
        DateTimeOffset? readyAt = verdict.Delay > TimeSpan.Zero ? now + verdict.Delay : null;
        return new LedgerDecision(
            index, cell.Attempt, verdict.State, outcome, error, readyAt, verdict.AddFailures, verdict.AddWorkerDeaths);
    }

    private void Move(ref Cell cell, ShardState state)
    {
        counts[(int)cell.State]--;
        counts[(int)state]++;
        cell.State = state;
    }

    private void Enqueue(int index, DateTimeOffset? readyAt)
    {
        if (readyAt is { } at)
        {
            delayed[index] = at;
            wakeUps.Enqueue(index, at);
        }
        else
        {
            SetOf(index).Add(index);
        }
    }

    private IndexSet SetOf(int index) => IsSuspect(index) ? readySuspects : ready;

    private void Wake(DateTimeOffset now)
    {
        while (wakeUps.TryPeek(out var index, out var due) && due <= now)
        {
            wakeUps.Dequeue();
            if (delayed.TryGetValue(index, out var at) && at <= now)
            {
                delayed.Remove(index);
                SetOf(index).Add(index);
            }
        }
    }

    private void Hold(int index, int attempt, LeaseOwner owner, DateTimeOffset deadline, bool? begun)
    {
        leases[index] = new Lease { Attempt = attempt, Owner = owner, Deadline = deadline, Begun = begun };
        if (!owners.TryGetValue(owner, out var held))
        {
            // A set outlives its last lease, since most owners take the next one at once; those that did not go here.
            foreach (var idle in owners.Where(pair => pair.Value.Count == 0).Select(pair => pair.Key).ToArray())
            {
                owners.Remove(idle);
            }

            owners[owner] = held = [];
        }

        held.Add(index);

        // Entries of ended leases stay until they come up; short shards on a long time to live would pile them up.
        if (deadlines.Count > 1024 && deadlines.Count > 4 * leases.Count)
        {
            deadlines.Clear();
            deadlines.EnqueueRange(leases.Select(pair => (new LedgerTake(pair.Key, pair.Value.Attempt), pair.Value.Deadline)));
        }
        else
        {
            deadlines.Enqueue(new LedgerTake(index, attempt), deadline);
        }
    }

    /// <summary>Takes the shard out of every queue and clears what is under way.</summary>
    private void Detach(int index)
    {
        ref var cell = ref cells[index];
        if (cell.Flag != Flag.None)
        {
            taken -= cell.Flag == Flag.Taken ? 1 : 0;
            cell.Flag = Flag.None;
            inFlight--;
        }

        if (leases.Remove(index, out var lease))
        {
            owners[lease.Owner].Remove(index);
        }

        ready.Remove(index);
        readySuspects.Remove(index);
        delayed.Remove(index);
    }

    private enum Flag : byte
    {
        None,
        Taken,
        Unsettled,
    }

    private struct Cell
    {
        public int Attempt;
        private byte state;
        public Flag Flag;
        public byte Failures;
        public byte Deaths;

        /// <summary>Deaths of workers that held it, begun or not, as far as this ledger has seen them; at least <see cref="Deaths"/>.</summary>
        public byte Exposed;

        public ShardState State
        {
            readonly get => (ShardState)state;
            set => state = (byte)value;
        }
    }

    private sealed class Lease
    {
        public required int Attempt { get; init; }

        public required LeaseOwner Owner { get; init; }

        public required DateTimeOffset Deadline { get; set; }

        /// <summary>Whether its worker works on it; null for a lease read from rows of which its worker has not spoken yet.</summary>
        public bool? Begun { get; set; }
    }
}
