namespace Orchestrator.Simulation.Faults;

/// <summary>Faults of this process; section <c>Simulation</c>. None by default.</summary>
internal sealed class FaultSettings
{
    public const string Section = "Simulation";

    /// <summary>
    /// Folder whose files switch faults on while they are there: <c>storage-fails</c> (attempts end in an I/O error),
    /// <c>storage-slow</c> (holds the milliseconds that each attempt takes longer), <c>poison-PHASE-INDEX</c> (that shard kills its
    /// process). Null: no switch is looked at.
    /// </summary>
    public string? Folder { get; set; }

    /// <summary>Name of this process's wall clock: the file <c>clock-NAME</c> in <see cref="Folder"/> holds the seconds by which it is set wrong. Null: the system's clock.</summary>
    public string? Clock { get; set; }

    /// <summary>False for the sabotaged control plane: a commit counts whatever its attempt.</summary>
    public bool Fencing { get; set; } = true;

    /// <summary>Share of completions that are reported late, by an attempt that was handed back before. 0 to 1.</summary>
    public double LateShare { get; set; }

    /// <summary>How late at least. Zero: with the next exchange, which may come before anybody has been given the shard again.</summary>
    public TimeSpan LateBy { get; set; }

    /// <summary>Share of exchanges with completions that arrive a second time, after their successor. 0 to 1.</summary>
    public double DuplicateShare { get; set; }

    /// <summary>Seed of what is late and what is sent twice.</summary>
    public long Seed { get; set; } = 1;
}
