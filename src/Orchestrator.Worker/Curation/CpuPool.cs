using System.Collections.Concurrent;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Dedicated threads for the CPU side of scoring (decode, resize, tokenise), shared by every slot of the process. Not the
/// thread pool: work that blocks pool threads for milliseconds delays the silo's messages by hundreds of them.
/// </summary>
public sealed class CpuPool : IDisposable
{
    private readonly BlockingCollection<Action> _work = new();
    private readonly Thread[] _threads;

    private readonly CurationInstruments _instruments;

    /// <param name="threads">Number of threads, at least 1.</param>
    /// <param name="instruments">Told how long the threads worked.</param>
    public CpuPool(int threads, CurationInstruments instruments)
    {
        _instruments = instruments;
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _threads = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            _threads[i] = new Thread(Loop) { IsBackground = true, Name = $"curation-cpu-{i}" };
            _threads[i].Start();
        }
    }

    /// <summary>Number of threads.</summary>
    public int Threads => _threads.Length;

    /// <summary>Runs <paramref name="work"/> on one of the threads; what it throws is the task's exception. Bounding what is queued is the caller's part.</summary>
    public Task<T> Run<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>Lets the threads finish what is queued and end.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _work.Dispose();
    }

    private void Loop()
    {
        foreach (var action in _work.GetConsumingEnumerable())
        {
            var start = _instruments.Time.GetTimestamp();
            action();
            _instruments.OnCpu(_instruments.Time.GetElapsedTime(start));
        }
    }
}
