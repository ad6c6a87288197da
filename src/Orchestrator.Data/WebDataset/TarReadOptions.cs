namespace Orchestrator.Data.WebDataset;

/// <summary>What to do when an extension comes twice in one sample.</summary>
public enum DuplicateExtension
{
    /// <summary>The second one begins a new sample with the same key, as open_clip's and DataComp's "nothrow" readers do. Default.</summary>
    NewSample,

    /// <summary>The sample gets a fault and the second member is left out; the webdataset library raises here.</summary>
    Fault,
}

/// <summary>Limits and choices of <see cref="TarShardReader"/>.</summary>
public sealed record TarReadOptions
{
    /// <summary>Largest member held in memory, in bytes. Larger ones fault their sample and are passed over. Default 256 MiB; at most 2,147,483,591 (a .NET array).</summary>
    public long MaxMemberBytes { get; init; } = 256L << 20;

    /// <summary>Largest sum of a sample's members, in bytes. Default 512 MiB.</summary>
    public long MaxSampleBytes { get; init; } = 512L << 20;

    /// <summary>Most members in one sample. Default 1,000.</summary>
    public int MaxMembers { get; init; } = 1000;

    /// <summary>Rule for an extension that comes twice. Default <see cref="DuplicateExtension.NewSample"/>.</summary>
    public DuplicateExtension Duplicates { get; init; } = DuplicateExtension.NewSample;

    /// <summary>Ordinals to yield; null (default) yields all. Data of other samples is passed over unread where the stream can seek; ordinals do not change.</summary>
    public Func<long, bool>? Wanted { get; init; }

    /// <summary>Read size in bytes, from 4 KiB. Default 1 MiB. With few samples wanted, members larger than this are passed over without being read.</summary>
    public int BufferBytes { get; init; } = 1 << 20;
}
