namespace Orchestrator.Api.Http;

/// <summary>Looks once a second whether something is due, as every control process does: for ticks, and for deliveries of webhooks.</summary>
internal sealed class PeriodicWork(string name, TimeSpan interval, Func<CancellationToken, Task> work, TimeProvider time, ILogger logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await work(stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    // The rows keep what is due; the next look finds it.
                    Log.WorkFailed(logger, name, e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process ends.
        }
    }
}
