using System.Buffers;
using System.Text;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Grains.Dispatch;

internal sealed partial class DispatcherGrain
{
    public async Task<ExchangeReply> ExchangeAsync(ExchangeRequest request)
    {
        await HoldIdleAsync(request);
        var started = time.GetTimestamp();
        if (!SiloWatch.IsAddress(request.Silo))
        {
            throw new ArgumentException($"'{request.Silo}' is not a silo address with generation.", nameof(request));
        }

        await WhenLoadedAsync(request);
        var now = time.GetUtcNow();
        if (!workers.TryGetValue(request.WorkerId, out var worker))
        {
            workers[request.WorkerId] = worker = new WorkerEntry(request.WorkerId, options.ToDevicePolicy());
            LogWorkerKnown(logger, request.WorkerId, request.Silo);
        }

        var inOrder = worker.Greet(request, now);
        var owner = worker.Owner;
        var batch = new DispatchBatch();
        TakeBack(request, worker, batch, now);
        LeaseRef[] stop = [];
        List<UndeliveredLease> again = [];
        if (inOrder)
        {
            stop = Renew(request.Running, owner, now);
            NoteBegun(request, owner);
            again = FindUndelivered(request, worker, batch, now);
            worker.Running = request.Running.Length;
            if (worker is { Mode: WorkerMode.Active, Capabilities: not null } && !silos.IsGivenUp(request.Silo))
            {
                Grant(worker, After(request, again), batch, now);
            }
        }

        var result = await WriteAsync(batch, owner);
        var leases = new List<ShardLease>(batch.Grants.Count);
        var fenced = new List<LeaseRef>();
        SettleGrants(batch, result, owner, leases);
        SettleCompletions(batch, result, worker, fenced);
        await DeliverAgainAsync(again, owner, leases);
        leases.ForEach(lease => worker.NoteGiven(lease.Lease.Job));
        Reopen(batch);
        worker.Failed += request.Failed.Length;
        worker.Running += leases.Count;
        NoticeDrained(batch);
        instruments.OnExchange(time.GetElapsedTime(started));
        return new ExchangeReply(
            [.. leases],
            stop,
            [.. fenced],
            options.LeaseTtl,
            worker.Mode == WorkerMode.Draining,
            worker.Capabilities is null,
            worker.Mode,
            worker.CordonedDevices);
    }

    /// <summary>Waits for loads of the jobs that the request speaks of; what it reports must not fall between two ledgers.</summary>
    private async Task WhenLoadedAsync(ExchangeRequest request)
    {
        var named = request.Failed.Select(fault => fault.Lease.Job)
            .Concat(request.Released.Select(lease => lease.Job))
            .Concat(request.Running.Select(lease => lease.Job))
            .ToHashSet();
        foreach (var id in named)
        {
            if (jobs.TryGetValue(id, out var entry) && entry.Loading is { } loading)
            {
                try
                {
                    await loading;
                }
                catch (Exception)
                {
                    // Logged where it failed. A job that cannot be read now must not stop the worker's other jobs; its
                    // leases are judged again when it has been read.
                }
            }
        }
    }

    private static bool IsText(string? text)
    {
        if (text is null || text.Contains('\0'))
        {
            return false;
        }

        // Almost every text ends here: without surrogates there is nothing to pair.
        var rest = text.AsSpan();
        while (rest.ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var consumed) != OperationStatus.Done)
            {
                return false;
            }

            rest = rest[consumed..];
        }

        return true;
    }

    private JobEntry? Find(LeaseRef lease) =>
        jobs.TryGetValue(lease.Job, out var entry) && entry.Ledger is not null && entry.Record?.Phase == lease.Phase ? entry : null;

    private void TakeBack(ExchangeRequest request, WorkerEntry worker, DispatchBatch batch, DateTimeOffset now)
    {
        foreach (var done in request.Completed)
        {
            if (IsText(done.Manifest) && IsText(done.Digest))
            {
                batch.Completions.Add(done);
                BookCompletion(done, batch, now);
            }
            else if (Find(done.Lease) is { } entry)
            {
                // The store would turn away the whole exchange, and the worker would send it again for ever.
                batch.Withdraw(
                    entry,
                    entry.Ledger!.Fail(done.Lease.Index, done.Lease.Attempt, FailureKind.Fatal, "The executor's manifest or digest is no text: it holds a zero character or half a surrogate pair.", now, 0),
                    RequeueReasons.Failed);
            }
        }

        foreach (var fault in request.Failed)
        {
            if (Find(fault.Lease) is { } entry)
            {
                if (fault.Spoilt is { Length: > 0 } spoilt)
                {
                    // No fault of the shard, nor of the device: what it reads has to be made again, which takes it back as well.
                    batch.Spoilt.Add((entry.Id, spoilt));
                    batch.Withdraw(
                        entry,
                        entry.Ledger!.Fail(fault.Lease.Index, fault.Lease.Attempt, FailureKind.Infrastructure, fault.Message, now, chance.Next()),
                        RequeueReasons.Spoilt);
                    continue;
                }

                if (fault.Device is { } device && worker.Device(device).OnFailure(entry.Id, fault.Kind, entry.Ledger!.Counts.Committed > 0, now))
                {
                    LogDeviceCordoned(logger, device, request.WorkerId);
                }

                batch.Withdraw(
                    entry,
                    entry.Ledger!.Fail(fault.Lease.Index, fault.Lease.Attempt, fault.Kind, fault.Message, now, chance.Next()),
                    RequeueReasons.Failed);
            }
        }

        foreach (var lease in request.Released)
        {
            if (Find(lease) is { } entry)
            {
                batch.Withdraw(entry, entry.Ledger!.Release(lease.Index, lease.Attempt, now), RequeueReasons.Released);
            }
        }
    }

    private LeaseRef[] Renew(LeaseRef[] running, LeaseOwner owner, DateTimeOffset now)
    {
        var stop = new List<LeaseRef>();
        foreach (var lease in running)
        {
            if (jobs.TryGetValue(lease.Job, out var unread) && unread.Ledger is null)
            {
                continue;
            }

            var entry = Find(lease);
            switch (entry?.Ledger!.Renew(lease.Index, lease.Attempt, owner, now, options.LeaseTtl))
            {
                case RenewVerdict.Renewed:
                    break;

                case RenewVerdict.Unknown:
                    // Another activation granted it: the rows know, this ledger does not yet.
                    entry!.Ledger!.Invalidate();
                    break;

                default:
                    stop.Add(lease);
                    break;
            }
        }

        return [.. stop];
    }

    /// <summary>Writes a batch and settles its withdrawals; the caller settles the rest. On an unknown outcome the ledgers concerned are read again.</summary>
    private async Task<ShardBatchResult> WriteAsync(DispatchBatch batch, LeaseOwner owner)
    {
        if (batch.IsEmpty)
        {
            return new ShardBatchResult([], [], []);
        }

        var concerned = batch.Withdrawals.Select(pending => pending.Job).Concat(batch.Grants.Select(pending => pending.Job)).ToHashSet();
        foreach (var done in batch.Completions)
        {
            if (jobs.TryGetValue(done.Lease.Job, out var entry))
            {
                concerned.Add(entry);
            }
        }

        var write = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var entry in concerned)
        {
            entry.BeginWrite(write.Task);
        }

        ShardBatchResult result;
        var began = time.GetTimestamp();
        try
        {
            result = await store.ApplyAsync(batch.ToShardBatch(owner), CancellationToken.None);
        }
        catch
        {
            foreach (var entry in concerned)
            {
                entry.Tell(entry.Record?.Phase ?? "", ledger => ledger.Invalidate());
            }

            throw;
        }
        finally
        {
            // Who waits for this only needs the rows to be written; what the ledgers are told below may reach them in any order.
            foreach (var entry in concerned)
            {
                entry.EndWrite(write.Task);
            }

            write.SetResult();
            instruments.OnStoreWrite(time.GetElapsedTime(began));
        }

        SettleWithdrawals(batch, result);
        return result;
    }

    private void SettleWithdrawals(DispatchBatch batch, ShardBatchResult result)
    {
        for (var i = 0; i < batch.Withdrawals.Count; i++)
        {
            var (entry, phase, decision, reason) = batch.Withdrawals[i];
            var took = result.Withdrawn[i];
            entry.Tell(phase, ledger => ledger.Settled(decision, took));
            if (!took)
            {
                continue;
            }

            var held = reason is RequeueReasons.Undelivered or RequeueReasons.Released ? 0 : entry.HeldSeconds(decision.Index, time.GetUtcNow());
            SettleUsage(entry, decision.Index, held, time.GetUtcNow());
            var refund = entry.Refund(decision.Index);
            fairShare.Charge(entry.Record!.Tenant, decision.AddFailures > 0 ? 0 : refund);
            entry.AddEvent(Jobs.JobEvents.Shard(phase, decision, reason), options.MaxShardEventsPerInterval);
            if (decision.NewState == ShardState.Pending)
            {
                instruments.OnShardRequeued(reason);
                entry.OnLost(decision.Index, reason, time.GetTimestamp());
                continue;
            }

            LogShardEnded(logger, decision.Index, entry.Id, decision.NewState, decision.Error);
            if (decision.NewState == ShardState.Quarantined)
            {
                instruments.OnShardQuarantined();
            }
        }
    }

    private void SettleGrants(DispatchBatch batch, ShardBatchResult result, LeaseOwner owner, List<ShardLease> leases)
    {
        var now = time.GetUtcNow();
        for (var i = 0; i < batch.Grants.Count; i++)
        {
            var grant = batch.Grants[i];
            if (result.Payloads[i] is { } payload)
            {
                grant.Job.Tell(grant.Phase, ledger =>
                {
                    ledger.Granted(grant.Take, owner, now, options.LeaseTtl);
                    if (grant.BeginsAtOnce)
                    {
                        ledger.Begin(grant.Take.Index, grant.Take.Attempt, owner);
                    }
                });
                leases.Add(new ShardLease(LeaseRef.From(grant.Key), grant.Kind, payload, grant.Job.Record?.Trace));
                if (grant.Job.TakeLoss(grant.Take.Index) is var (reason, lostAt))
                {
                    instruments.OnRecovered(reason, time.GetElapsedTime(lostAt));
                }
            }
            else
            {
                grant.Job.Tell(grant.Phase, ledger => ledger.GrantRefused(grant.Take));
                SettleUsage(grant.Job, grant.Take.Index, 0, now);
                fairShare.Charge(grant.Job.Record!.Tenant, grant.Job.Refund(grant.Take.Index));
            }
        }

        foreach (var group in leases.GroupBy(lease => (lease.Kind, lease.Lease.Phase)))
        {
            instruments.OnShardsLeased(group.Key.Kind, group.Key.Phase, group.Count());
        }
    }

    private void SettleCompletions(DispatchBatch batch, ShardBatchResult result, WorkerEntry worker, List<LeaseRef> fenced)
    {
        for (var i = 0; i < batch.Completions.Count; i++)
        {
            var done = batch.Completions[i];
            var lease = done.Lease;
            var verdict = result.Completions[i];
            if (verdict == CompletionVerdict.Fenced)
            {
                fenced.Add(lease);
                instruments.OnShardFenced();
                LogFenced(logger, lease.ToKey(), worker.Owner.Worker);
                if (Find(lease) is { } behind && behind.Ledger!.LeasesOf(worker.Owner).Any(held => held.Index == lease.Index && held.Attempt == lease.Attempt))
                {
                    behind.Ledger.Invalidate();
                }

                continue;
            }

            jobs.TryGetValue(lease.Job, out var entry);
            entry?.Tell(lease.Phase, ledger => ledger.Commit(lease.Index, lease.Attempt));
            if (verdict != CompletionVerdict.Committed)
            {
                continue;
            }

            worker.Committed++;
            if (done.Device is { } device)
            {
                worker.Device(device).OnSuccess();
            }

            if (entry?.Record is { } record)
            {
                fairShare.Charge(record.Tenant, entry.Correct(lease.Index, done.Elapsed));
                if (!batch.Booked.Contains(lease))
                {
                    SettleUsage(entry, lease.Index, done.Elapsed.TotalSeconds, time.GetUtcNow());
                }

                entry.AddTally(done.Tally);
                instruments.OnShardCommitted(record.Kind, lease.Phase, done.Elapsed);
            }
        }
    }

    private void NoticeDrained(DispatchBatch batch)
    {
        foreach (var id in batch.Completions.Select(done => done.Lease.Job).Distinct())
        {
            if (jobs.TryGetValue(id, out var entry))
            {
                NoticeIfDrained(entry);
            }
        }

        foreach (var pending in batch.Withdrawals)
        {
            NoticeIfDrained(pending.Job);
        }
    }
}
