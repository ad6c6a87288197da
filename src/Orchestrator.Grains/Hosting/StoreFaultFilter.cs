using Orchestrator.Persistence;

namespace Orchestrator.Grains.Hosting;

/// <summary>
/// Lets callers in other processes see that the store is away. The store's own exception means nothing to Orleans, so a
/// worker would get a missing codec instead, take it for a bug and let its shard pay; a time-out is what it waits out.
/// </summary>
internal sealed class StoreFaultFilter : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (StoreUnavailableException e)
        {
            throw new TimeoutException(e.Message);
        }
    }
}
