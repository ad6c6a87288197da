namespace Orchestrator.Domain.Curation;

/// <summary>Columns that every score table has; no stage may give its score such a name, compared without case.</summary>
public static class FixedColumns
{
    /// <summary>Their names, in the order of the table.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["shard", "row", "key", "uid", "width", "height", "image_bytes", "text", "state", "reason", "output_shard", "output_key"];
}
