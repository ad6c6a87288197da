using System.Buffers.Text;

namespace Orchestrator.Data.WebDataset;

/// <summary>One archive entry, extended headers applied.</summary>
/// <param name="Name">Member name; bytes that are not UTF-8 are written as <c>\xNN</c> and <paramref name="NameIsText"/> is false.</param>
internal readonly record struct TarEntry(string Name, bool NameIsText, bool IsRegular, bool IsSparse, long Size, long Offset);

/// <summary>Walks the entries of a USTAR, PAX or GNU archive. Every step consumes at least one block, so any input ends.</summary>
/// <remarks>
/// Which types carry data and where an archive ends follow Python's <c>tarfile</c>, the reader behind the webdataset library;
/// unlike it, an archive that stops at garbage is reported instead of ending quietly.
/// </remarks>
internal sealed class TarEntryReader(TarSource source)
{
    private const int Block = TarHeader.BlockSize;

    // Long enough for any path and attribute list in use; a bound because the declared size is only a claim.
    private const int MaxExtendedHeaderBytes = 1 << 20;

    private long _dataLeft;
    private int _padding;

    /// <summary>Why the walk ended; null after a proper end or while it goes on.</summary>
    public ShardDamage? Damage { get; private set; }

    /// <summary>Goes to the next entry, passing over unread data of the current one.</summary>
    public bool TryNext(out TarEntry entry)
    {
        entry = default;
        if (Damage is not null || !PassData())
        {
            return false;
        }

        var offset = source.Position;
        byte[]? longName = null;
        var pax = default(PaxRecords);
        while (true)
        {
            var at = source.Position;
            var block = source.Peek(Block);
            if (block.Length < Block)
            {
                return EndOfFile(at, block.Length, extended: at != offset);
            }

            if (block.IndexOfAnyExcept((byte)0) < 0)
            {
                return at != offset
                    ? Fail(ShardDamageKind.BadHeader, at, "an extended header is followed by no entry")
                    : EndMarker();
            }

            var header = TarHeader.Parse(block, out var problem);
            if (problem is not null)
            {
                return Fail(ShardDamageKind.BadHeader, at, Explain(at, block, problem));
            }

            var (type, size) = (header.Type, header.Size);
            if (type is (byte)'x' or (byte)'X' or (byte)'g' or (byte)'L' or (byte)'K')
            {
                source.Skip(Block);
                if (ReadExtended(at, size) is not { } body)
                {
                    return false;
                }

                if (type == 'L')
                {
                    longName = TarHeader.UntilNul(body).ToArray();
                }
                else if (type is (byte)'x' or (byte)'X' && !PaxRecords.TryParse(body, out pax))
                {
                    return Fail(ShardDamageKind.BadHeader, at, "an extended (PAX) header does not parse");
                }

                continue;
            }

            var name = pax.Path ?? longName ?? header.Name();
            var sparse = type == 'S' || pax.Sparse;
            var regular = type is (byte)'0' or 0 or (byte)'7' or (byte)'S' && !(type == 0 && name.AsSpan().EndsWith("/"u8));
            var extraBlocks = type == 'S' && header.SparseExtended;
            source.Skip(Block);
            if (extraBlocks && !PassSparseBlocks())
            {
                return false;
            }

            // Links, devices and folders carry no data whatever their size field says; unknown types do.
            _dataLeft = type is >= (byte)'1' and <= (byte)'6' ? 0 : pax.Size ?? size;
            _padding = (int)((Block - (_dataLeft % Block)) % Block);
            var isText = Utf8Text.TryDecode(name, out var text);
            entry = new TarEntry(text ?? Utf8Text.Escape(name), isText, regular, sparse, _dataLeft, offset);
            return true;
        }
    }

    /// <summary>Reads the current entry's data; null when the archive ends inside it, and then <see cref="Damage"/> is set.</summary>
    public byte[]? ReadData()
    {
        var at = source.Position;
        var size = _dataLeft;
        _dataLeft = 0;
        var data = source.ReadExactly(checked((int)size));
        if (data is null)
        {
            Truncated(at, size);
        }

        return data;
    }

    /// <summary>Passes over the current entry's data; false when the archive ends inside it.</summary>
    public bool SkipData()
    {
        var (at, size) = (source.Position, _dataLeft);
        _dataLeft = 0;
        return source.Skip(size) == size || Truncated(at, size);
    }

    /// <summary>Forgets the current entry after a seek.</summary>
    public void Restart()
    {
        Damage = null;
        _dataLeft = 0;
        _padding = 0;
    }

    private bool PassData()
    {
        if (_dataLeft > 0 && !SkipData())
        {
            return false;
        }

        var (at, padding) = (source.Position, _padding);
        _padding = 0;
        return source.Skip(padding) == padding || Truncated(at, padding);
    }

    private byte[]? ReadExtended(long at, long size)
    {
        if (size > MaxExtendedHeaderBytes)
        {
            Fail(ShardDamageKind.BadHeader, at, $"an extended header claims {size:N0} bytes; at most {MaxExtendedHeaderBytes:N0} are accepted");
            return null;
        }

        var padding = (Block - (size % Block)) % Block;
        if (source.ReadExactly((int)size) is { } body && source.Skip(padding) == padding)
        {
            return body;
        }

        Truncated(at, size);
        return null;
    }

    private bool PassSparseBlocks()
    {
        while (true)
        {
            var at = source.Position;
            var block = source.Peek(Block);
            if (block.Length < Block)
            {
                return Truncated(at, Block);
            }

            var more = block[504] != 0;
            source.Skip(Block);
            if (!more)
            {
                return true;
            }
        }
    }

    private bool EndMarker()
    {
        while (source.Peek(Block) is { Length: > 0 } block)
        {
            if (block.IndexOfAnyExcept((byte)0) >= 0)
            {
                return Fail(ShardDamageKind.TrailingData, source.Position,
                    "data follows the end-of-archive marker; if archives were joined with cat, split them into one shard each");
            }

            source.Skip(block.Length);
        }

        // The walk is over; a later call must not look for headers again.
        return false;
    }

    private bool EndOfFile(long at, int length, bool extended)
    {
        if (length > 0 || extended)
        {
            return Fail(ShardDamageKind.Truncated, at, $"the file ends inside a header ({length} of {Block} bytes); fetch the shard again");
        }

        return at == 0
            ? Fail(ShardDamageKind.Empty, at, "the file is empty; fetch or write the shard again")
            : Fail(ShardDamageKind.MissingEndMarker, at, "the file ends without the end-of-archive marker; it may have been cut between members");
    }

    private bool Truncated(long at, long size) =>
        Fail(ShardDamageKind.Truncated, at, $"the file ends at byte {source.Position:N0}, inside {size:N0} bytes announced at byte {at:N0}; fetch the shard again");

    private static string Explain(long at, ReadOnlySpan<byte> block, string problem) =>
        at == 0 && block.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b])
            ? "the file is gzip-compressed; decompress it, shards are read as plain tar"
            : problem + "; fetch or write the shard again";

    private bool Fail(ShardDamageKind kind, long offset, string message)
    {
        Damage = new ShardDamage(kind, offset, message);
        return false;
    }

    /// <summary>The PAX records that matter here: <c>path</c>, <c>size</c>, and whether the member is GNU-sparse.</summary>
    private readonly record struct PaxRecords(byte[]? Path, long? Size, bool Sparse)
    {
        public static bool TryParse(ReadOnlySpan<byte> body, out PaxRecords records)
        {
            records = default;
            while (!body.IsEmpty && body[0] != 0)
            {
                // "<length> <key>=<value>\n", the length counting itself.
                if (!Utf8Parser.TryParse(body, out int length, out var digits) || digits >= body.Length || body[digits] != ' '
                    || length <= digits + 1 || length > body.Length || body[length - 1] != '\n')
                {
                    return false;
                }

                var record = body[(digits + 1)..(length - 1)];
                var equals = record.IndexOf((byte)'=');
                if (equals < 0)
                {
                    return false;
                }

                var key = record[..equals];
                var value = record[(equals + 1)..];
                if (key.SequenceEqual("path"u8) || key.SequenceEqual("GNU.sparse.name"u8))
                {
                    records = records with { Path = value.ToArray() };
                }
                else if (key.SequenceEqual("size"u8))
                {
                    if (!Utf8Parser.TryParse(value, out long size, out var used) || used != value.Length || size < 0)
                    {
                        return false;
                    }

                    records = records with { Size = size };
                }

                if (key.StartsWith("GNU.sparse."u8))
                {
                    records = records with { Sparse = true };
                }

                body = body[length..];
            }

            return true;
        }
    }
}
