namespace Orchestrator.Data.WebDataset;

/// <summary>Why reading a shard ended early.</summary>
public enum ShardDamageKind
{
    /// <summary>There is no such file.</summary>
    Missing,

    /// <summary>The file exists and may not be opened, or a read failed. Another attempt may succeed.</summary>
    Unreadable,

    /// <summary>The file has no bytes at all.</summary>
    Empty,

    /// <summary>A header block is not a tar header, or an extended header does not parse.</summary>
    BadHeader,

    /// <summary>The file ends inside a header, a member or its padding.</summary>
    Truncated,

    /// <summary>The file ends between members without the closing zero block. Every member before is complete; some writers leave it out.</summary>
    MissingEndMarker,

    /// <summary>Bytes other than zero follow the closing block, e.g. archives joined with <c>cat</c>. They were not read.</summary>
    TrailingData,
}

/// <summary>The end of a shard that did not end well. Everything complete before it has been yielded.</summary>
/// <param name="Offset">Byte offset in the shard where the damage was met.</param>
/// <param name="Message">A sentence with the remedy.</param>
public sealed record ShardDamage(ShardDamageKind Kind, long Offset, string Message)
{
    /// <summary>True when a second attempt may see something else (an I/O error); false when the bytes themselves are wrong.</summary>
    public bool Retryable => Kind == ShardDamageKind.Unreadable;

    /// <summary>What storage threw where it is to blame; null where the bytes are.</summary>
    public Exception? Cause { get; init; }
}

/// <summary>What a reader has passed over so far. Members = members in samples + the three skipped kinds.</summary>
/// <param name="Members">Archive entries met, extended headers not counted.</param>
/// <param name="Samples">Samples begun, faulty ones included.</param>
/// <param name="NotRegular">Folders, links and devices skipped; links are never followed.</param>
/// <param name="Meta">Members named <c>__x__</c> skipped.</param>
/// <param name="Unnamed">Regular members without a key (<c>noext</c>, <c>.hidden</c>) skipped.</param>
/// <param name="DuplicateExtensions">Members whose extension their sample already had.</param>
public sealed record TarTally(long Members, long Samples, long NotRegular, long Meta, long Unnamed, long DuplicateExtensions);
