namespace Orchestrator.Worker.Agent;

/// <summary>How far a worker has come in leaving.</summary>
internal enum DrainStage
{
    /// <summary>Not leaving.</summary>
    None,

    /// <summary>Takes nothing more and finishes what runs.</summary>
    Finishing,

    /// <summary>Time is up: running work is told to stop and handed back as it ends.</summary>
    Stopping,

    /// <summary>Work that does not stop is handed back as well: its attempt is fenced from then on.</summary>
    HandingBack,

    /// <summary>The control plane does not answer: leave without its word, the leases return by the worker's death.</summary>
    GivingUp,
}

/// <summary>The stages of a drain as a function of the time since it began. Safe for concurrent use.</summary>
/// <param name="finish">Time given to running shards.</param>
/// <param name="time">Clock.</param>
internal sealed class DrainClock(TimeSpan finish, TimeProvider time)
{
    /// <summary>Time that work is given to stop, and then the control plane to take everything back.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private long? since;
    private bool forGood;

    /// <summary>The process itself is ending: this drain cannot be withdrawn.</summary>
    public bool ForGood
    {
        get
        {
            lock (gate)
            {
                return forGood;
            }
        }
    }

    /// <summary>Begins the drain; a drain under way goes on.</summary>
    public void Begin()
    {
        lock (gate)
        {
            since ??= time.GetTimestamp();
        }
    }

    /// <summary>Begins the drain, or goes on with one under way, so that <see cref="End"/> no longer ends it.</summary>
    public void BeginForGood()
    {
        lock (gate)
        {
            forGood = true;
            since ??= time.GetTimestamp();
        }
    }

    /// <summary>Withdraws the drain: the worker takes work again. Nothing happens where the drain is for good.</summary>
    public void End()
    {
        lock (gate)
        {
            since = forGood ? since : null;
        }
    }

    /// <summary>The stage now.</summary>
    public DrainStage Stage => At(out _);

    /// <summary>Time until the next stage; infinite where there is none.</summary>
    public TimeSpan UntilNext
    {
        get
        {
            At(out var left);
            return left;
        }
    }

    private DrainStage At(out TimeSpan left)
    {
        left = TimeSpan.MaxValue;
        lock (gate)
        {
            if (since is not { } start)
            {
                return DrainStage.None;
            }

            left = finish - time.GetElapsedTime(start);
            for (var stage = DrainStage.Finishing; stage < DrainStage.GivingUp; stage++, left += Grace)
            {
                if (left > TimeSpan.Zero)
                {
                    return stage;
                }
            }

            left = TimeSpan.MaxValue;
            return DrainStage.GivingUp;
        }
    }
}
