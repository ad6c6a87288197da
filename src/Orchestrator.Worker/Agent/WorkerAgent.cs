using Microsoft.Extensions.Options;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Worker.Agent;

/// <summary>
/// Pulls work: one exchange at a time, made at once when work ends and at every heartbeat otherwise. A hosted service and
/// not a grain, because its capacity is this process's and a shard must never run inside a grain call.
/// </summary>
internal sealed partial class WorkerAgent : BackgroundService
{
    private readonly Exchanger exchanger;
    private readonly LeaseBook book;
    private readonly DeviceSlots slots;
    private readonly PrefetchGauge gauge;
    private readonly ControlPlaneRetry retry;
    private readonly WorkerOptions options;
    private readonly TimeProvider time;
    private readonly IHostApplicationLifetime lifetime;
    private readonly ILogger<WorkerAgent> logger;
    private readonly WorkerInstruments instruments;
    private readonly AsyncSignal wake;
    private readonly DrainClock drain;
    private long lastExchange;

    public WorkerAgent(
        Exchanger exchanger,
        LeaseBook book,
        DeviceSlots slots,
        PrefetchGauge gauge,
        ControlPlaneRetry retry,
        IOptions<WorkerOptions> options,
        WorkerInstruments instruments,
        TimeProvider time,
        IHostApplicationLifetime lifetime,
        ILogger<WorkerAgent> logger)
    {
        this.exchanger = exchanger;
        this.book = book;
        this.slots = slots;
        this.gauge = gauge;
        this.retry = retry;
        this.options = options.Value;
        this.instruments = instruments;
        this.time = time;
        this.lifetime = lifetime;
        this.logger = logger;
        wake = new AsyncSignal(time);
        drain = new DrainClock(this.options.DrainTimeout, time);
        slots.Freed += wake.Raise;
        exchanger.LateReply += wake.Raise;
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stopping = stoppingToken.Register(() =>
        {
            drain.BeginForGood();
            wake.Raise();
        });
        instruments.OnStarted();
        LogStarted(options.Id, options.Pool, slots.Count);
        while (!MayLeave)
        {
            AdvanceDrain();
            lastExchange = time.GetTimestamp();
            var answered = await exchanger.ExchangeAsync(FreeSlots(), accepting: drain.Stage == DrainStage.None);
            FollowOrders();
            if (!MayLeave)
            {
                await PauseAsync(answered);
            }
        }

        await LeaveAsync();
    }

    /// <summary>
    /// The drain is over. A process that serves more than the worker stays connected after a drain that the dispatcher ordered,
    /// so that the order can be withdrawn.
    /// </summary>
    private bool MayLeave =>
        drain.Stage is not DrainStage.None and var stage
        && (drain.ForGood || options.StopHostWhenDrained)
        && (book.IsEmpty || stage == DrainStage.GivingUp);

    /// <summary>Leases wanted now: idle slots, and some in advance where shards are short.</summary>
    private int FreeSlots()
    {
        if (drain.Stage != DrainStage.None)
        {
            return 0;
        }

        if (slots.Open == 0)
        {
            // Every device is cordoned: what waits here would wait for ever.
            book.ReleaseWaiting(slots: 0);
            return 0;
        }

        var (running, youngest) = book.Running;
        var age = running > 0 ? time.GetElapsedTime(youngest) : TimeSpan.Zero;
        if (running >= slots.Open && age >= PrefetchGauge.Longest && book.ReleaseWaiting(slots.Open) is > 0 and var returned)
        {
            // Taken in advance while shards were short; behind long ones they would wait here while others idle.
            LogReturned(returned);
        }

        return Math.Max(0, slots.Open + gauge.Depth(age) - book.Occupied);
    }

    /// <summary>Begins or ends a drain as the dispatcher orders; one that the host began goes on.</summary>
    private void FollowOrders()
    {
        if (exchanger.ToldToDrain)
        {
            drain.Begin();
        }
        else
        {
            drain.End();
        }
    }

    private void AdvanceDrain()
    {
        var stage = drain.Stage;
        if (stage >= DrainStage.Finishing)
        {
            // The last reply before the drain may have filled free slots; handing those leases back would only cost an attempt.
            book.ReleaseWaiting(stage == DrainStage.Finishing ? slots.Open : 0);
        }

        if (stage >= DrainStage.Stopping && book.StopRunning() is > 0 and var stopping)
        {
            LogStopping(stopping);
        }

        if (stage >= DrainStage.HandingBack && book.ReleaseAll() is > 0 and var stuck)
        {
            LogStuck(stuck);
        }
    }

    /// <summary>Asks the host to stop, where it was the dispatcher who ordered the drain.</summary>
    private async Task LeaveAsync()
    {
        if (!book.IsEmpty)
        {
            LogGaveUp();
        }

        try
        {
            await slots.CleanupDoneAsync().WaitAsync(DrainClock.Grace, time);
        }
        catch (TimeoutException)
        {
            LogCleanupUnfinished();
        }

        LogDrained();
        lifetime.StopApplication();
    }

    /// <summary>Waits for a reason to exchange again: work that ended, the heartbeat or the next stage of a drain.</summary>
    private async Task PauseAsync(bool answered)
    {
        if (!answered)
        {
            await Task.Delay(Least(retry.Pause(exchanger.Failures)), time);
            return;
        }

        // From the last exchange's beginning: the dispatcher holds an idle worker's exchange for almost as long. A worker that
        // has just become idle asks at once, so that the next phase finds it waiting there.
        var asks = exchanger.ToldSomething && book.IsEmpty && drain.Stage == DrainStage.None;
        var interval = asks ? options.ExchangeSpacing : options.HeartbeatInterval;
        var left = interval - time.GetElapsedTime(lastExchange);
        await wake.WaitAsync(Least(left > options.ExchangeSpacing ? left : options.ExchangeSpacing));

        // Completions come in bursts with short shards: let those of the next moments travel together.
        var rest = options.ExchangeSpacing - time.GetElapsedTime(lastExchange);
        if (rest > TimeSpan.Zero)
        {
            await Task.Delay(rest, time);
        }
    }

    private TimeSpan Least(TimeSpan pause) => drain.UntilNext is var left && left < pause ? left : pause;

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Id} pulls work of pool {Pool} for {Slots} slots")]
    private partial void LogStarted(string id, string pool, int slots);

    [LoggerMessage(Level = LogLevel.Information, Message = "Handed back {Count} leases taken in advance: shards have become long")]
    private partial void LogReturned(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Drain time is over: {Count} running shards are stopped and handed back")]
    private partial void LogStopping(int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} shards did not stop; they are handed back and fenced")]
    private partial void LogStuck(int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Leaving although the control plane did not take everything back; it will find out by this worker's end")]
    private partial void LogGaveUp();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Leaving although refused output is still being deleted")]
    private partial void LogCleanupUnfinished();

    [LoggerMessage(Level = LogLevel.Information, Message = "Drained")]
    private partial void LogDrained();
}
