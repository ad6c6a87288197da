using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Worker.Agent;

/// <summary>
/// Everything this worker owes an answer for: leases in hand (waiting or running) and reports not yet acknowledged. A
/// lease is in exactly one of the two, so no exchange both renews and completes it. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A report leaves only by <see cref="Acknowledge"/>. In particular a completion outlives the loss of its lease: an exchange
/// whose reply was lost may have committed it, and deleting its output then would delete committed data. Only the
/// dispatcher's word "fenced" does that.
/// </remarks>
internal sealed class LeaseBook
{
    private readonly Lock gate = new();
    private readonly Dictionary<LeaseRef, HeldLease> held = [];
    private readonly Dictionary<LeaseRef, FinishedAttempt> completed = [];
    private readonly Dictionary<LeaseRef, ShardFault> failed = [];
    private readonly HashSet<LeaseRef> released = [];
    private readonly HashSet<LeaseRef> atWork = [];
    private int started;

    /// <summary>Slots spoken for: leases that wait for one, and work that holds one whether or not its lease is still held.</summary>
    public int Occupied
    {
        get
        {
            lock (gate)
            {
                return held.Count - started + atWork.Count;
            }
        }
    }

    /// <summary>True where nothing is in hand and nothing is left to report.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (gate)
            {
                return held.Count + completed.Count + failed.Count + released.Count == 0;
            }
        }
    }

    /// <summary>Leases whose work has begun, and the timestamp at which the youngest began (0 where there is none).</summary>
    public (int Count, long YoungestStart) Running
    {
        get
        {
            lock (gate)
            {
                var youngest = 0L;
                foreach (var lease in held.Values)
                {
                    youngest = Math.Max(youngest, lease.StartedAt ?? 0);
                }

                return (started, youngest);
            }
        }
    }

    /// <summary>
    /// Takes a granted lease; null where it is known already (a repeated grant), or where work on the very same attempt, lost
    /// meanwhile, has not ended yet: both would write to one folder, and the first would delete it under the second. That one is
    /// handed back, for an attempt with a number of its own.
    /// </summary>
    public HeldLease? Accept(ShardLease grant)
    {
        lock (gate)
        {
            if (IsKnown(grant.Lease))
            {
                return null;
            }

            if (atWork.Contains(grant.Lease))
            {
                released.Add(grant.Lease);
                return null;
            }

            var lease = new HeldLease(grant);
            held.Add(grant.Lease, lease);
            return lease;
        }
    }

    /// <summary>Hands back leases that were granted but will not be worked; known ones are left as they are.</summary>
    public void Refuse(IEnumerable<ShardLease> grants)
    {
        lock (gate)
        {
            released.UnionWith(grants.Select(grant => grant.Lease).Where(lease => !IsKnown(lease)));
        }
    }

    /// <summary>Marks the work as begun; false where the lease was lost or handed back meanwhile.</summary>
    public bool TryStart(HeldLease lease, long timestamp)
    {
        lock (gate)
        {
            if (!IsHeld(lease))
            {
                return false;
            }

            lease.StartedAt = timestamp;
            started++;
            atWork.Add(lease.Ref);
            return true;
        }
    }

    /// <summary>Work that was begun has ended, files and all; its slot is free.</summary>
    public void End(HeldLease lease)
    {
        lock (gate)
        {
            atWork.Remove(lease.Ref);
        }
    }

    /// <summary>Files a completion; false where the lease is lost, so that the output must be deleted instead.</summary>
    public bool Complete(HeldLease lease, FinishedAttempt attempt)
    {
        lock (gate)
        {
            return Leave(lease) && completed.TryAdd(lease.Ref, attempt);
        }
    }

    /// <summary>Files a fault; false where the lease is lost and nobody waits for the report.</summary>
    public bool Fail(HeldLease lease, ShardFault fault)
    {
        lock (gate)
        {
            return Leave(lease) && failed.TryAdd(lease.Ref, fault);
        }
    }

    /// <summary>The work stopped because it was told to: hands the lease back where it is still held, else forgets it.</summary>
    public void Stopped(HeldLease lease)
    {
        lock (gate)
        {
            if (Leave(lease))
            {
                released.Add(lease.Ref);
            }
        }
    }

    /// <summary>The dispatcher gave these to somebody else: forgets them and stops their work. Returns how many were in hand.</summary>
    public int Revoke(IReadOnlyList<LeaseRef> leases)
    {
        if (leases.Count == 0)
        {
            return 0;
        }

        lock (gate)
        {
            return Drop([.. leases.Select(held.GetValueOrDefault).OfType<HeldLease>()]);
        }
    }

    /// <summary>All leases have run out: forgets them and stops their work. Returns how many were in hand.</summary>
    public int RevokeAll()
    {
        lock (gate)
        {
            return Drop([.. held.Values]);
        }
    }

    /// <summary>Hands back the leases whose work has not begun, beyond those that a free slot begins at once. Returns how many.</summary>
    /// <param name="slots">Slots that take work.</param>
    public int ReleaseWaiting(int slots)
    {
        lock (gate)
        {
            return Release([.. held.Values.Where(lease => lease.StartedAt is null).Skip(Math.Max(0, slots - atWork.Count))]);
        }
    }

    /// <summary>Stops all running work; each lease is handed back when its work has ended. Returns how many are being stopped.</summary>
    public int StopRunning()
    {
        lock (gate)
        {
            var running = held.Values.Where(lease => lease.StartedAt is not null && !lease.HandingBack).ToArray();
            foreach (var lease in running)
            {
                lease.HandingBack = true;
                lease.Cancel();
            }

            return running.Length;
        }
    }

    /// <summary>Hands back everything in hand, even work that does not stop. Returns how many.</summary>
    public int ReleaseAll()
    {
        lock (gate)
        {
            return Release([.. held.Values]);
        }
    }

    /// <summary>What an exchange made now carries.</summary>
    public AgentReport Snapshot()
    {
        lock (gate)
        {
            return new AgentReport(
                [.. completed.Values.Select(attempt => attempt.Report)],
                [.. failed.Values],
                [.. released],
                [.. held.Keys],
                [.. held.Values.Where(lease => lease.StartedAt is not null).Select(lease => lease.Ref)],
                [.. atWork.Where(lease => !held.ContainsKey(lease))]);
        }
    }

    /// <summary>A reply to <paramref name="sent"/> arrived: its reports are settled. Returns the refused completions, whose output must go.</summary>
    public IReadOnlyList<FinishedAttempt> Acknowledge(AgentReport sent, IReadOnlyCollection<LeaseRef> fenced)
    {
        lock (gate)
        {
            List<FinishedAttempt> refused = [];
            foreach (var lease in fenced)
            {
                if (completed.Remove(lease, out var attempt))
                {
                    refused.Add(attempt);
                }
            }

            foreach (var report in sent.Completed)
            {
                completed.Remove(report.Lease);
            }

            foreach (var report in sent.Failed)
            {
                failed.Remove(report.Lease);
            }

            released.ExceptWith(sent.Released);
            return refused;
        }
    }

    private bool IsKnown(LeaseRef lease) =>
        held.ContainsKey(lease) || completed.ContainsKey(lease) || failed.ContainsKey(lease) || released.Contains(lease);

    private bool IsHeld(HeldLease lease) => held.TryGetValue(lease.Ref, out var current) && ReferenceEquals(current, lease);

    private bool Leave(HeldLease lease)
    {
        if (!IsHeld(lease))
        {
            return false;
        }

        held.Remove(lease.Ref);
        started -= lease.StartedAt is null ? 0 : 1;
        return true;
    }

    private int Drop(HeldLease[] leases)
    {
        foreach (var lease in leases)
        {
            Leave(lease);
            lease.Cancel();
        }

        return leases.Length;
    }

    private int Release(HeldLease[] leases)
    {
        released.UnionWith(leases.Select(lease => lease.Ref));
        return Drop(leases);
    }
}
