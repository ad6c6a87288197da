using Microsoft.Extensions.Options;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Hosting;
using Orleans.Runtime;

namespace Orchestrator.Worker.Agent;

/// <summary>Calls the grains of the control silos: one dispatcher per pool, one job grain per job.</summary>
internal sealed class OrleansDispatchClient(
    IGrainFactory grains, ILocalSiloDetails silo, IOptions<WorkerOptions> options) : IDispatchClient
{
    public string Silo => silo.SiloAddress.ToParsableString();

    public Task<ExchangeReply> ExchangeAsync(ExchangeRequest request) =>
        Grain<IDispatcherGrain>(options.Value.Pool).ExchangeAsync(request);

    public Task<JobOrder> GetOrderAsync(JobId job) => Grain<IJobGrain>(job.Value).GetOrderAsync();

    public Task<CommittedView[]> GetCommittedAsync(JobId job, string phase, int fromIndex) =>
        Grain<IJobGrain>(job.Value).GetCommittedAsync(phase, fromIndex);

    /// <exception cref="SiloUnavailableException">No control silo is in the cluster.</exception>
    private T Grain<T>(string key)
        where T : IGrainWithStringKey
    {
        try
        {
            return grains.GetGrain<T>(key);
        }
        catch (ArgumentException e)
        {
            // Orleans knows a grain's class from the silos that host it, and calls its absence a wrong argument.
            throw new SiloUnavailableException("No control silo is in the cluster yet; start one, or check Cluster:ClusterId and Cluster:Provider.", e);
        }
    }
}
