namespace Orchestrator.Samples.PoolGenerator;

/// <summary>A pool on disk.</summary>
/// <param name="Folder">Holds <c>{:08d}.tar</c> and <c>{:08d}_stats.json</c>.</param>
/// <param name="TruthPath"><c>truth.jsonl</c> in the sibling folder <c>{folder}-truth</c>.</param>
/// <param name="Samples">Number of samples in all shards.</param>
/// <param name="Defects">Number of samples of each kind; the values sum to <paramref name="Samples"/>.</param>
/// <param name="Reused">True if a finished pool of the same options was there and nothing was written.</param>
public sealed record PoolResult(
    string Folder, string TruthPath, long Samples, IReadOnlyDictionary<DefectKind, int> Defects, bool Reused);
