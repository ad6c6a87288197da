using Npgsql;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>Waiting for what processes do.</summary>
internal static class Wait
{
    /// <summary>Asks again every 100 ms. A question that fails because somebody is away counts as not yet.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan limit)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(limit);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        Exception? last = null;
        while (true)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or NpgsqlException or TaskCanceledException or Persistence.StoreUnavailableException)
            {
                last = e;
            }

            try
            {
                await timer.WaitForNextTickAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Nothing came of it within {limit}. Last trouble: {last?.Message ?? "none"}");
            }
        }
    }

    /// <summary>Lets a fault last.</summary>
    public static async Task ForAsync(TimeSpan time)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }
}
