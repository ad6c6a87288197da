namespace Orchestrator.Api.Options;

/// <summary>Section <c>Store</c>: where an embedded cluster keeps its rows. Clusters keep them in PostgreSQL and ignore it.</summary>
public sealed class StoreOptions
{
    /// <summary>Section name.</summary>
    public const string Section = "Store";

    /// <summary>SQLite file, relative to <c>Storage:BaseDirectory</c>. Default <c>.orchestrator/orchestrator.db</c>.</summary>
    public string Path { get; set; } = ".orchestrator/orchestrator.db";
}
