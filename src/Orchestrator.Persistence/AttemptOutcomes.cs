namespace Orchestrator.Persistence;

/// <summary>Words of <see cref="AttemptRecord.Outcome"/>.</summary>
public static class AttemptOutcomes
{
    /// <summary>Its output is, or was, the shard's.</summary>
    public const string Committed = "committed";

    /// <summary>It reported a failure.</summary>
    public const string Failed = "failed";

    /// <summary>Its worker died or let the lease run out.</summary>
    public const string Lost = "lost";

    /// <summary>Its worker handed the shard back.</summary>
    public const string Released = "released";

    /// <summary>The job was cancelled, or its phase was started again.</summary>
    public const string Cancelled = "cancelled";
}
