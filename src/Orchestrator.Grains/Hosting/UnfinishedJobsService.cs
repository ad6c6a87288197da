using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Grains.Hosting;

/// <summary>
/// Brings every unfinished job on its way at the start of a control process and every 30 seconds after: what a crash, a
/// lost announcement or a restart of the whole cluster interrupted is taken up here. Any number of processes may do it.
/// </summary>
internal sealed partial class UnfinishedJobsService(
    IJobStore store, IGrainFactory grains, TimeProvider time, ILogger<UnfinishedJobsService> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            await EnsureAllAsync(stoppingToken);
        }
        while (await NextAsync(timer, stoppingToken));
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task EnsureAllAsync(CancellationToken stoppingToken)
    {
        IReadOnlyList<JobId> unfinished;
        try
        {
            unfinished = await store.ListUnfinishedAsync(stoppingToken);
        }
        catch (Exception exception)
        {
            if (!stoppingToken.IsCancellationRequested)
            {
                LogNotListed(logger, exception);
            }

            return;
        }

        foreach (var id in unfinished)
        {
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await grains.GetGrain<IJobGrain>(id.Value).EnsureAsync();
            }
            catch (Exception exception)
            {
                LogNotEnsured(logger, exception, id);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Unfinished jobs could not be listed; trying again")]
    private static partial void LogNotListed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {Job} could not be brought on its way; trying again")]
    private static partial void LogNotEnsured(ILogger logger, Exception exception, JobId job);
}
