namespace Orchestrator.Contracts.Placement;

/// <summary>What a silo is for. Kept in its membership metadata, comma-separated where it is for several things.</summary>
public static class SiloRole
{
    /// <summary>Metadata key.</summary>
    public const string MetadataKey = "orchestrator.role";

    /// <summary>Hosts the job and dispatcher grains.</summary>
    public const string Control = "control";

    /// <summary>Runs shards; hosts no coordinator.</summary>
    public const string Worker = "worker";

    /// <summary>Both, in one process.</summary>
    public const string ControlAndWorker = "control,worker";

    /// <summary>Whether a metadata value names the role.</summary>
    public static bool Includes(string? roles, string role) =>
        roles is not null && roles.Split(',', StringSplitOptions.TrimEntries).Contains(role, StringComparer.Ordinal);
}
