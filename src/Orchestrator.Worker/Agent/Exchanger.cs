using Microsoft.Extensions.Options;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Worker.Agent;

/// <summary>
/// Makes one exchange: takes the report, sends it, and settles the reply. An exchange without a reply changes nothing here,
/// so the next one repeats its reports. Used by the agent's loop only.
/// </summary>
internal sealed partial class Exchanger : IDisposable
{
    private readonly IDispatchClient client;
    private readonly AttemptRunner runner;
    private readonly LeaseBook book;
    private readonly DeviceSlots slots;
    private readonly CapabilityReport capabilities;
    private readonly IModelInventory models;
    private readonly WorkerOptions options;
    private readonly WorkerInstruments instruments;
    private readonly TimeProvider time;
    private readonly ILogger<Exchanger> logger;
    private readonly SelfFence fence;
    private long lastSuccess = -1;
    private long sequence;
    private WorkerMode mode = WorkerMode.Active;
    private string[]? cordoned;

    public Exchanger(
        IDispatchClient client,
        AttemptRunner runner,
        LeaseBook book,
        DeviceSlots slots,
        CapabilityReport capabilities,
        IModelInventory models,
        IOptions<WorkerOptions> options,
        WorkerInstruments instruments,
        TimeProvider time,
        ILogger<Exchanger> logger)
    {
        this.client = client;
        this.runner = runner;
        this.book = book;
        this.slots = slots;
        this.capabilities = capabilities;
        this.models = models;
        this.options = options.Value;
        this.instruments = instruments;
        this.time = time;
        this.logger = logger;
        fence = new SelfFence(time, ExpireLeases);
    }

    /// <summary>Raised where a reply that was given up on arrived after all and left something to report.</summary>
    public event Action? LateReply;

    /// <summary>Failures in a row.</summary>
    public int Failures { get; private set; }

    /// <summary>The last answered exchange told the dispatcher something; one that does not may be held until there is work.</summary>
    public bool ToldSomething { get; private set; }

    /// <summary>The dispatcher wants this worker to take no more work.</summary>
    public bool ToldToDrain { get; private set; }

    /// <summary>Time since the last answered exchange was sent; null before the first. Safe to read from any thread.</summary>
    public TimeSpan? SinceSuccess => Volatile.Read(ref lastSuccess) is >= 0 and var at ? time.GetElapsedTime(at) : null;

    /// <summary>Makes an exchange; false where it had no answer.</summary>
    /// <param name="freeSlots">Most leases wanted.</param>
    /// <param name="accepting">False where leases that come all the same are handed back unworked.</param>
    public async Task<bool> ExchangeAsync(int freeSlots, bool accepting)
    {
        var report = book.Snapshot();
        var sentAt = time.GetTimestamp();
        Task<ExchangeReply>? call = null;
        try
        {
            var described = capabilities.Due();
            call = client.ExchangeAsync(new ExchangeRequest(
                options.Id,
                client.Silo,
                report.Completed,
                report.Failed,
                report.Released,
                report.Running,
                freeSlots,
                described,
                [.. models.Warm],
                ++sequence,
                mode,
                report.Started,
                cordoned,
                report.Ending.Length > 0 ? report.Ending : null));
            var reply = await call.WaitAsync(options.ExchangeTimeout, time);
            Failures = 0;
            Volatile.Write(ref lastSuccess, sentAt);
            Settle(report, described, reply, sentAt, accepting);
            return true;
        }
        catch (Exception e)
        {
            Failures++;
            instruments.OnExchangeFailed();
            LogFailure(e);
            if (call is { IsCompleted: false })
            {
                _ = SettleLateAsync(call);
            }

            return false;
        }
    }

    public void Dispose() => fence.Dispose();

    private void Settle(AgentReport report, WorkerCapabilities? described, ExchangeReply reply, long sentAt, bool accepting)
    {
        ToldSomething = described is not null || report.Completed.Length + report.Failed.Length + report.Released.Length > 0;
        fence.Renew(sentAt, reply.LeaseTtl);
        capabilities.Acknowledge(described);
        if (reply.SendCapabilities)
        {
            capabilities.Forget();
        }

        foreach (var refused in book.Acknowledge(report, reply.Fenced))
        {
            LogFenced(refused.Report.Lease);
            slots.EnqueueCleanup(() => runner.DiscardAsync(refused.Executor, refused.Work));
        }

        if (book.Revoke(reply.Stop) is > 0 and var stopped)
        {
            LogStopped(stopped);
        }

        mode = reply.Mode;
        cordoned = reply.CordonedDevices;
        slots.Cordon(cordoned ?? []);
        ToldToDrain = reply.Drain;
        if (!accepting || reply.Drain)
        {
            book.Refuse(reply.Leases);
            return;
        }

        foreach (var grant in reply.Leases)
        {
            if (book.Accept(grant) is { } lease)
            {
                slots.Enqueue(device => runner.RunAsync(lease, device));
            }
        }
    }

    // The reply's reports are repeated anyway; its leases would idle until their time to live is over.
    private async Task SettleLateAsync(Task<ExchangeReply> call)
    {
        try
        {
            var reply = await call;
            book.Refuse(reply.Leases);
            LateReply?.Invoke();
        }
        catch (Exception)
        {
            // The failure of the call was reported when it was given up on.
        }
    }

    private void ExpireLeases()
    {
        if (book.RevokeAll() is > 0 and var expired)
        {
            instruments.OnLeasesExpired(expired);
            LogExpired(expired);
        }
    }

    private void LogFailure(Exception exception)
    {
        // A control plane that is away for an hour should not fill the log: failures 1, 2, 4, 8 and so on are told.
        if (!System.Numerics.BitOperations.IsPow2(Failures))
        {
            return;
        }

        if (ControlPlaneRetry.IsRetryable(exception))
        {
            LogUnanswered(Failures, exception.Message);
        }
        else
        {
            LogRefused(exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Exchange not answered ({Failures} in a row): {Reason}")]
    private partial void LogUnanswered(int failures, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Exchange failed for a reason that a retry may not cure; it is retried all the same")]
    private partial void LogRefused(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Commit of {Lease} was refused; its output is deleted")]
    private partial void LogFenced(LeaseRef lease);

    [LoggerMessage(Level = LogLevel.Information, Message = "Told to stop {Count} running shards")]
    private partial void LogStopped(int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Could not renew {Count} leases in time; their work is stopped")]
    private partial void LogExpired(int count);
}
