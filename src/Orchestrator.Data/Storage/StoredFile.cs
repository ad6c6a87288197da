namespace Orchestrator.Data.Storage;

/// <summary>What storage says of a file without reading it.</summary>
/// <param name="Path">Absolute path or address.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Version">Names this content of an object (its ETag); null on disks, which have nothing like it.</param>
/// <param name="ModifiedAt">When it was last written.</param>
public sealed record StoredFile(string Path, long Bytes, string? Version, DateTimeOffset ModifiedAt)
{
    /// <summary>Tells contents apart as well as storage can: by version, on a disk by length and time.</summary>
    public string Identity => $"{Path}#{Version ?? $"{Bytes}-{ModifiedAt.UtcTicks}"}";
}
