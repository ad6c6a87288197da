namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>A place in the cluster that is always to be filled: its process is started again whenever it has ended, as a container engine does it.</summary>
internal sealed class Member : IAsyncDisposable
{
    private readonly Func<ServerProcess> launch;
    private readonly Task supervision;
    private readonly CancellationTokenSource stopping = new();
    private readonly List<string> exits = [];
    private readonly List<ServerProcess> all = [];
    private volatile ServerProcess process;
    private volatile bool halted;

    public Member(string name, Func<ServerProcess> launch)
    {
        Name = name;
        this.launch = launch;
        process = Launch();
        supervision = SuperviseAsync();
    }

    public string Name { get; }

    /// <summary>The process that runs now, or ran last.</summary>
    public ServerProcess Process => process;

    /// <summary>Ends of its processes that nobody asked for by kill: the exit code and the last lines of the log.</summary>
    public IReadOnlyList<string> OwnExits
    {
        get
        {
            lock (exits)
            {
                return [.. exits];
            }
        }
    }

    /// <summary>Processes started so far.</summary>
    public int Starts { get; private set; } = 1;

    /// <summary>Completes when the process that runs now, or its successor, listens.</summary>
    public Task WhenListeningAsync(TimeSpan limit) => Wait.UntilAsync(() => Task.FromResult(process.Listening.IsCompletedSuccessfully && !process.Ended.IsCompleted), limit);

    /// <summary>SIGTERM; the exit code. The next process is started at once.</summary>
    public async Task<int> TerminateAsync()
    {
        var old = process;
        await old.TerminateAsync();
        return await old.Ended;
    }

    /// <summary>Ends the process for good.</summary>
    public async ValueTask DisposeAsync()
    {
        halted = true;
        await stopping.CancelAsync();
        await process.DisposeAsync();
        await supervision;
        foreach (var each in all)
        {
            await each.DisposeAsync();
        }

        stopping.Dispose();
    }

    private ServerProcess Launch()
    {
        var launched = launch();
        all.Add(launched);
        return launched;
    }

    private async Task SuperviseAsync()
    {
        while (true)
        {
            var running = process;
            var code = await running.Ended;
            if (halted)
            {
                return;
            }

            // 137: killed; 0: told to end.
            if (code is not (0 or 137))
            {
                lock (exits)
                {
                    exits.Add($"{Name} ended with {code}: {string.Join(" | ", running.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(12))}");
                }

                try
                {
                    using var pause = new PeriodicTimer(TimeSpan.FromSeconds(1));
                    await pause.WaitForNextTickAsync(stopping.Token);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }

            process = Launch();
            Starts++;
            if (halted)
            {
                return;
            }
        }
    }
}
