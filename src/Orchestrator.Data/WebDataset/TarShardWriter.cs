using System.Text;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Data.WebDataset;

/// <summary>What a finished shard holds.</summary>
/// <param name="Samples">Samples written.</param>
/// <param name="Bytes">Length of the archive, a multiple of 10,240.</param>
/// <param name="Sha256">Digest of the archive, 64 lower-case hexadecimal digits.</param>
public sealed record TarShardSummary(long Samples, long Bytes, string Sha256);

/// <summary>
/// Writes samples as USTAR, byte for byte what Python's <c>tarfile</c> (3.11) writes with <c>format=USTAR_FORMAT</c> and
/// WebDataset's settings: no folder entries, mode 0444, user and group <c>bigdata</c> (ids 0), one fixed time.
/// </summary>
/// <remarks>
/// The bytes depend on the samples and <c>mtime</c> alone. Members of a sample are in the byte order of their extensions.
/// Not thread-safe. The stream stays open; only forward writes are made, so any stream serves.
/// </remarks>
public sealed class TarShardWriter : IDisposable
{
    private const int Block = TarHeader.BlockSize;
    private const int RecordSize = 20 * Block;
    private const int NameBytes = 100;
    private const int PrefixBytes = 155;
    private const long MaxOctal11 = (1L << 33) - 1;

    private readonly HashingStream _output;
    private readonly bool _ownsHash;
    private readonly long _mtime;
    private readonly byte[] _block = new byte[Block];
    private long _samples;

    /// <param name="output">Receives the archive from its current position. A fresh <see cref="HashingStream"/>, such as that of an <see cref="AtomicFile"/>, is used as it is, so nothing is hashed twice.</param>
    /// <param name="mtime">Modification time of every member in seconds since 1970, 0 to 8,589,934,591. Default 0.</param>
    public TarShardWriter(Stream output, long mtime = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mtime);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mtime, MaxOctal11);
        var given = output is HashingStream { Position: 0 } fresh ? fresh : null;
        (_output, _ownsHash, _mtime) = (given ?? new HashingStream(output), given is null, mtime);
    }

    /// <summary>Samples written so far.</summary>
    public long Samples => _samples;

    /// <summary>Writes one sample, or nothing at all and returns why: a name that USTAR cannot hold or that would read back as another sample.</summary>
    /// <param name="key">Sample key; may contain folders.</param>
    /// <param name="members">Extension (lower-case, no leading dot) and bytes; any order, no extension twice.</param>
    public DataFault? Write(string key, IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> members)
    {
        var ordered = members.OrderBy(m => m.Key, KeyOrder.Instance).ToArray();
        var headers = new (byte[] Name, byte[] Prefix)[ordered.Length];
        for (var i = 0; i < ordered.Length; i++)
        {
            var name = key + "." + ordered[i].Key;
            if (i > 0 && ordered[i].Key == ordered[i - 1].Key)
            {
                return Refuse(name, "The extension is given twice for one sample.", "Give each extension once.");
            }

            if (SafeRelativePath.ProblemOf(name) is { } problem)
            {
                return Refuse(name, $"The member name {problem}.", "Rename the sample.");
            }

            if (SampleName.IsMeta(name) || !SampleName.TrySplit(name, out var readKey, out var extension) || readKey != key || extension != ordered[i].Key)
            {
                return Refuse(name, "The member would not read back under its key and extension.", "Use a key without dots in its base name and a lower-case extension.");
            }

            if (!TrySplitName(name, out headers[i].Name, out headers[i].Prefix))
            {
                return Refuse(name, $"USTAR holds names of {NameBytes} bytes, and {PrefixBytes} more for leading folders.", "Shorten the key.");
            }
        }

        if (ordered.Length == 0)
        {
            return Refuse(key, "The sample has no members.", "Give at least one.");
        }

        for (var i = 0; i < ordered.Length; i++)
        {
            WriteMember(headers[i].Name, headers[i].Prefix, ordered[i].Value.Span);
        }

        _samples++;
        return null;
    }

    /// <summary>Writes one sample from members as they were read; their extensions count, not their names.</summary>
    public DataFault? WriteMembers(string key, IEnumerable<SampleMember> members) =>
        Write(key, members.Select(m => KeyValuePair.Create(m.Extension, m.Data)));

    /// <summary>Writes the closing blocks, pads to 10,240 bytes and flushes. Call once; writing afterwards is a bug.</summary>
    public TarShardSummary Finish()
    {
        Array.Clear(_block);
        _output.Write(_block);
        _output.Write(_block);
        while (_output.Position % RecordSize != 0)
        {
            _output.Write(_block);
        }

        _output.Flush();
        var digest = _output.Digest();
        return new TarShardSummary(_samples, digest.Bytes, digest.Sha256);
    }

    public void Dispose()
    {
        if (_ownsHash)
        {
            _output.Dispose();
        }
    }

    private static DataFault Refuse(string name, string problem, string remedy) => new(name, null, problem, remedy);

    /// <summary>Python's split: the shortest prefix of whole folders whose remainder fits.</summary>
    private static bool TrySplitName(string name, out byte[] tail, out byte[] prefix)
    {
        prefix = [];
        tail = Encoding.UTF8.GetBytes(name);
        if (tail.Length <= NameBytes)
        {
            return true;
        }

        for (var slash = Array.IndexOf(tail, (byte)'/'); slash >= 0; slash = Array.IndexOf(tail, (byte)'/', slash + 1))
        {
            if (slash <= PrefixBytes && tail.Length - slash - 1 <= NameBytes)
            {
                (prefix, tail) = (tail[..slash], tail[(slash + 1)..]);
                return true;
            }
        }

        return false;
    }

    private void WriteMember(ReadOnlySpan<byte> name, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> data)
    {
        var header = _block.AsSpan();
        header.Clear();
        name.CopyTo(header);
        Octal(header.Slice(100, 8), 0b100_100_100);
        Octal(header.Slice(108, 8), 0);
        Octal(header.Slice(116, 8), 0);
        Octal(header.Slice(124, 12), data.Length);
        Octal(header.Slice(136, 12), _mtime);
        header.Slice(148, 8).Fill((byte)' ');
        header[156] = (byte)'0';
        "ustar\0"u8.CopyTo(header[257..]);
        "00"u8.CopyTo(header[263..]);
        "bigdata"u8.CopyTo(header[265..]);
        "bigdata"u8.CopyTo(header[297..]);
        prefix.CopyTo(header[345..]);
        var sum = 0;
        foreach (var b in header)
        {
            sum += b;
        }

        // Six digits, NUL, and the last of the eight blanks stays.
        Octal(header.Slice(148, 7), sum);
        _output.Write(header);
        _output.Write(data);
        var padding = (Block - (data.Length % Block)) % Block;
        if (padding > 0)
        {
            header[..padding].Clear();
            _output.Write(header[..padding]);
        }
    }

    private static void Octal(Span<byte> field, long value)
    {
        for (var i = field.Length - 2; i >= 0; i--)
        {
            field[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }

        field[^1] = 0;
    }
}
