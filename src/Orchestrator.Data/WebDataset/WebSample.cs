using System.Diagnostics.CodeAnalysis;

namespace Orchestrator.Data.WebDataset;

/// <summary>One file of a sample.</summary>
/// <param name="Extension">Lower-case extension without the leading dot, e.g. <c>jpg</c> or <c>seg.png</c>.</param>
/// <param name="Name">Member name as stored in the archive.</param>
/// <param name="Data">The member's bytes, untouched.</param>
public sealed record SampleMember(string Extension, string Name, ReadOnlyMemory<byte> Data);

/// <summary>Why a sample cannot be used although the archive around it can.</summary>
public enum SampleFaultKind
{
    /// <summary>A member name is absolute, climbs with <c>..</c>, has a backslash, a control character or bytes that are not UTF-8.</summary>
    UnsafeName,

    /// <summary>A member is larger than <see cref="TarReadOptions.MaxMemberBytes"/>; its bytes were passed over.</summary>
    MemberTooLarge,

    /// <summary>The members together are larger than <see cref="TarReadOptions.MaxSampleBytes"/>.</summary>
    SampleTooLarge,

    /// <summary>More members than <see cref="TarReadOptions.MaxMembers"/>.</summary>
    TooManyMembers,

    /// <summary>A member is stored sparse, a form that no WebDataset writer makes.</summary>
    SparseMember,

    /// <summary>The extension occurs twice, under <see cref="DuplicateExtension.Fault"/>.</summary>
    DuplicateExtension,

    /// <summary>The archive is damaged inside or right behind this sample, so members may be missing.</summary>
    DamagedShard,
}

/// <summary>The first thing found wrong with a sample.</summary>
/// <param name="MemberName">Member it was found on, with bytes that are not UTF-8 written as <c>\xNN</c>.</param>
/// <param name="Message">A sentence with the figures a person needs.</param>
public sealed record SampleFault(SampleFaultKind Kind, string MemberName, string Message);

/// <summary>Consecutive members of one archive that share a key.</summary>
public sealed class WebSample
{
    /// <summary>Folder and base name up to its first dot.</summary>
    public required string Key { get; init; }

    /// <summary>Position among all samples of the shard, faulty ones included, from 0. Independent of reading options other than the duplicate rule.</summary>
    public required long Ordinal { get; init; }

    /// <summary>Byte offset of the sample's first header (extended headers included); <see cref="TarShardReader.SeekTo"/> takes it.</summary>
    public required long Offset { get; init; }

    /// <summary>Members in archive order. Members that caused the fault are absent.</summary>
    public required IReadOnlyList<SampleMember> Members { get; init; }

    /// <summary>Null for a usable sample; otherwise the sample belongs in quarantine.</summary>
    public required SampleFault? Fault { get; init; }

    /// <summary>True when this sample began because an extension of the sample before it, with the same key, came again.</summary>
    public required bool StartedByDuplicate { get; init; }

    /// <summary>Finds the bytes of an extension.</summary>
    public bool TryGet(string extension, [NotNullWhen(true)] out SampleMember? member)
    {
        foreach (var candidate in Members)
        {
            if (string.Equals(candidate.Extension, extension, StringComparison.Ordinal))
            {
                member = candidate;
                return true;
            }
        }

        member = null;
        return false;
    }
}
