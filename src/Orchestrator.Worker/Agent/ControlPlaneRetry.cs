using Orleans.Runtime;

namespace Orchestrator.Worker.Agent;

/// <summary>
/// How calls to the control plane are repeated. Grain calls fail for seconds whenever a control silo is lost, and that
/// must not cost a shard one of its retries.
/// </summary>
/// <param name="time">Clock of the back-off.</param>
/// <param name="chance">Uniform in [0, 1); spreads the workers that lost the same silo.</param>
internal sealed class ControlPlaneRetry(TimeProvider time, Func<double> chance)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause between two tries.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>
    /// True for what a lost, overloaded or starting silo causes; anything else is a bug or a refusal. A plain
    /// <see cref="OrleansException"/> is how Orleans says that no silo may host the grain, as between two control silos.
    /// </summary>
    public static bool IsRetryable(Exception exception) =>
        exception is SiloUnavailableException or TimeoutException or OrleansMessageRejectionException
        || exception.GetType() == typeof(OrleansException);

    /// <summary>Pause before try number <paramref name="failures"/> + 1: 100 ms doubled up to 1 s, of which the upper half is drawn.</summary>
    /// <param name="failures">Failures in a row so far, from 1.</param>
    public TimeSpan Pause(int failures)
    {
        var ceiling = Math.Min(Longest.TotalSeconds, First.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 16)));
        return TimeSpan.FromSeconds(ceiling * (0.5 + (0.5 * chance())));
    }

    /// <summary>Waits for <see cref="Pause"/>.</summary>
    public Task PauseAsync(int failures, CancellationToken cancellationToken) => Task.Delay(Pause(failures), time, cancellationToken);

    /// <summary>Repeats <paramref name="call"/> until it answers, fails for a reason that a retry cannot cure, or the token is cancelled.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        for (var failures = 1; ; failures++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await call().WaitAsync(cancellationToken);
            }
            catch (Exception e) when (IsRetryable(e))
            {
                await PauseAsync(failures, cancellationToken);
            }
        }
    }
}
