namespace Orchestrator.Grains.Dispatch;

/// <summary>
/// Says which lease owners have left the cluster. A silo is lost where the membership calls it dead, or does not know it
/// even after a fresh read of the table (its generation is gone, as after a restart of the whole cluster).
/// </summary>
internal sealed class SiloWatch(IClusterMembershipService membership)
{
    /// <summary>The table may be out of reach; leases must still be swept meanwhile.</summary>
    private static readonly TimeSpan RefreshTimeout = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, SiloAddress> addresses = new(StringComparer.Ordinal);

    /// <summary>Whether the text is a silo address with generation.</summary>
    public static bool IsAddress(string silo)
    {
        try
        {
            return SiloAddress.FromParsableString(silo) is not null;
        }
        catch (Exception)
        {
            // Orleans offers no TryParse and throws different types.
            return false;
        }
    }

    /// <summary>Those of the given silos that are lost.</summary>
    public async Task<IReadOnlySet<string>> FindLostAsync(IEnumerable<string> silos)
    {
        var lost = new HashSet<string>(StringComparer.Ordinal);
        var unknown = new HashSet<string>(StringComparer.Ordinal);
        foreach (var silo in silos)
        {
            switch (StatusOf(silo))
            {
                case SiloStatus.Dead:
                    lost.Add(silo);
                    break;
                case SiloStatus.None:
                    unknown.Add(silo);
                    break;
            }
        }

        if (unknown.Count > 0)
        {
            // It may have joined a moment ago, or this silo's view may be older than it.
            using var timeout = new CancellationTokenSource(RefreshTimeout);
            await membership.Refresh(default, timeout.Token);
            lost.UnionWith(unknown.Where(silo => StatusOf(silo) is SiloStatus.Dead or SiloStatus.None));
        }

        foreach (var silo in lost)
        {
            addresses.Remove(silo);
        }

        return lost;
    }

    /// <summary>
    /// Whether the membership has given the silo up: a process that hung, was declared dead and now goes on, and has not heard of
    /// it yet. What it were given would be lost with it.
    /// </summary>
    public bool IsGivenUp(string silo) => StatusOf(silo) == SiloStatus.Dead;

    private SiloStatus StatusOf(string silo)
    {
        if (!addresses.TryGetValue(silo, out var address))
        {
            addresses[silo] = address = SiloAddress.FromParsableString(silo);
        }

        return membership.CurrentSnapshot.GetSiloStatus(address);
    }
}
