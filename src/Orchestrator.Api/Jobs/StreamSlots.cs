using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Options;

namespace Orchestrator.Api.Jobs;

/// <summary>Event streams that each key holds open: a stream asks the store again and again, so nobody may have any number. Safe for concurrent use.</summary>
internal sealed class StreamSlots(IOptions<LimitsOptions> limits)
{
    private readonly ConcurrentDictionary<string, int> open = new(StringComparer.Ordinal);

    public int Most => limits.Value.MaxStreams;

    /// <summary>A place, given back by disposing it; null where the caller has all that it may have.</summary>
    public IDisposable? TryTake(ClaimsPrincipal user)
    {
        var name = user.Identity?.Name ?? "";
        if (open.AddOrUpdate(name, 1, static (_, count) => count + 1) <= Most)
        {
            return new Place(this, name);
        }

        Return(name);
        return null;
    }

    private void Return(string name) => open.AddOrUpdate(name, 0, static (_, count) => count - 1);

    private sealed class Place(StreamSlots owner, string name) : IDisposable
    {
        private int returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref returned, 1) == 0)
            {
                owner.Return(name);
            }
        }
    }
}
