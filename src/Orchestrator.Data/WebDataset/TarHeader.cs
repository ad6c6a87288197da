using System.Buffers.Binary;

namespace Orchestrator.Data.WebDataset;

/// <summary>One 512-byte header block (POSIX.1-1988 USTAR, old GNU, V7), as far as a reader of samples needs it.</summary>
internal readonly ref struct TarHeader
{
    public const int BlockSize = 512;

    private readonly ReadOnlySpan<byte> _block;

    private TarHeader(ReadOnlySpan<byte> block, long size)
    {
        _block = block;
        Size = size;
    }

    /// <summary>Type flag; <c>'0'</c> and NUL are regular files.</summary>
    public byte Type => _block[156];

    /// <summary>Data bytes that follow, before padding.</summary>
    public long Size { get; }

    /// <summary>True when old-GNU sparse extension blocks follow the header.</summary>
    public bool SparseExtended => _block[482] != 0;

    /// <summary>Name bytes, the USTAR prefix joined in front where the header has one.</summary>
    public byte[] Name()
    {
        var name = UntilNul(_block[..100]);
        // GNU archives use the prefix bytes for times; only the POSIX magic gives them this meaning.
        var prefix = _block.Slice(257, 6).SequenceEqual("ustar\0"u8) ? UntilNul(_block.Slice(345, 155)) : default;
        return prefix.IsEmpty ? name.ToArray() : [.. prefix, (byte)'/', .. name];
    }

    /// <summary>Reads a block; <paramref name="problem"/> says why it is no header.</summary>
    public static TarHeader Parse(ReadOnlySpan<byte> block, out string? problem)
    {
        var stored = Number(block.Slice(148, 8));
        if (stored is null || !MatchesChecksum(block, stored.Value))
        {
            problem = "the block is not a tar header: its checksum does not match";
            return default;
        }

        var size = Number(block.Slice(124, 12));
        if (size is null or < 0)
        {
            problem = "the header's size field is not a number that a file can have";
            return default;
        }

        problem = null;
        return new TarHeader(block, size.Value);
    }

    public static ReadOnlySpan<byte> UntilNul(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    private static bool MatchesChecksum(ReadOnlySpan<byte> block, long stored)
    {
        long unsigned = 0, signed = 0;
        for (var i = 0; i < BlockSize; i++)
        {
            var value = i is >= 148 and < 156 ? (byte)' ' : block[i];
            unsigned += value;
            signed += (sbyte)value;
        }

        // Some historic writers summed signed characters; both are accepted, as GNU tar and Python do.
        return stored == unsigned || stored == signed;
    }

    /// <summary>Octal text, or base-256 when the first byte is 0x80 or 0xff; null when it is neither.</summary>
    private static long? Number(ReadOnlySpan<byte> field)
    {
        if (field[0] is 0x80 or 0xff)
        {
            var low = BinaryPrimitives.ReadInt64BigEndian(field[^8..]);
            var high = field.Length > 8 ? field[1..^8] : default;
            var fill = (byte)(low < 0 ? 0xff : 0);
            return field.Length > 8 && high.IndexOfAnyExcept(fill) >= 0 ? null : field.Length == 8 ? Narrow(field) : low;
        }

        var text = UntilNul(field).Trim((byte)' ');
        long value = 0;
        foreach (var c in text)
        {
            if (c is < (byte)'0' or > (byte)'7')
            {
                return null;
            }

            value = (value << 3) | (uint)(c - '0');
        }

        return value;
    }

    private static long Narrow(ReadOnlySpan<byte> field)
    {
        long value = field[0] == 0xff ? -1 : 0;
        foreach (var b in field[1..])
        {
            value = (value << 8) | b;
        }

        return value;
    }
}
