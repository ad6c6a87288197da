using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Orchestrator.Data.Formats;

/// <summary>DataComp subset files: a NumPy 1.0 array of <c>u8,u8</c>, sorted, duplicates allowed (resharder.py, <c>load_subset</c>).</summary>
/// <remarks>
/// Layout: <c>\x93NUMPY</c>, version 1.0, 16-bit header length, a dictionary padded with blanks and a newline to a multiple of 64 bytes
/// (128 in all for this type), then records of 16 bytes, high word first, each word little-endian.
/// </remarks>
public static class SampleIdsNpy
{
    /// <summary>Bytes of one record.</summary>
    public const int RecordBytes = 16;

    /// <summary>Runs that <see cref="Merge"/> has open at a time, well below what a process may open.</summary>
    public const int MaxOpenRuns = 256;

    private const int HeaderBytes = 128;

    /// <summary>Writes ids that are already in order; an id below its predecessor is a fault, and the file is then unusable.</summary>
    /// <param name="output">Receives header and records; forward writes only.</param>
    /// <param name="count">Number of ids; the header needs it first.</param>
    /// <param name="sorted">Exactly that many ids.</param>
    public static DataFault? Write(Stream output, long count, IEnumerable<SampleUid> sorted)
    {
        output.Write(Header(count));
        var buffer = new byte[RecordBytes * 4096];
        var used = 0;
        var written = 0L;
        var previous = default(SampleUid);
        foreach (var uid in sorted)
        {
            if (written > 0 && uid.CompareTo(previous) < 0)
            {
                return new DataFault("sample_ids.npy", null, $"Id {written} ({uid}) is below the one before it ({previous}).", "Sort the ids first.");
            }

            previous = uid;
            written++;
            BinaryPrimitives.WriteUInt64LittleEndian(buffer.AsSpan(used), uid.High);
            BinaryPrimitives.WriteUInt64LittleEndian(buffer.AsSpan(used + 8), uid.Low);
            used += RecordBytes;
            if (used == buffer.Length)
            {
                output.Write(buffer);
                used = 0;
            }
        }

        output.Write(buffer, 0, used);
        return written == count
            ? null
            : new DataFault("sample_ids.npy", null, $"{written} ids were given, {count} were announced.", "Announce the count that is written.");
    }

    /// <summary>Number of ids in a file, after checking the whole header and the file's length.</summary>
    public static Checked<long> ReadCount(Stream input, string name)
    {
        Span<byte> start = stackalloc byte[10];
        if (input.ReadAtLeast(start, 10, throwOnEndOfStream: false) < 10 || start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
        {
            return Wrong(name, "The file does not begin as a NumPy array.");
        }

        if (start[6] != 1)
        {
            return Wrong(name, $"NumPy format {start[6]}.{start[7]} is not 1.0.");
        }

        var header = new byte[BinaryPrimitives.ReadUInt16LittleEndian(start[8..])];
        if (input.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
        {
            return Wrong(name, "The file ends inside its header.");
        }

        return ParseShape(Encoding.Latin1.GetString(header)) is { } count
            ? count
            : Wrong(name, $"The array is not a one-dimensional 'u8,u8': {Encoding.Latin1.GetString(header).Trim()}.");
    }

    /// <summary>Streams the ids of a file. A file cut short is an <see cref="InvalidDataException"/> when the cut is reached; call <see cref="Check"/> first for a value.</summary>
    public static IEnumerable<SampleUid> Read(Stream input, string name)
    {
        var count = ReadCount(input, name).Value;
        var buffer = new byte[RecordBytes * 4096];
        while (count > 0)
        {
            var take = (int)Math.Min(count, 4096);
            var got = input.ReadAtLeast(buffer.AsSpan(0, take * RecordBytes), take * RecordBytes, throwOnEndOfStream: false);
            if (got < take * RecordBytes)
            {
                throw new InvalidDataException($"{name}: the file ends {count - (got / RecordBytes)} ids early.");
            }

            for (var i = 0; i < take; i++)
            {
                yield return new SampleUid(
                    BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(i * RecordBytes)),
                    BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan((i * RecordBytes) + 8)));
            }

            count -= take;
        }
    }

    /// <summary>Number of ids of a file on disk, with its length compared to its header.</summary>
    public static Checked<long> Check(string path)
    {
        using var stream = File.OpenRead(path);
        var count = ReadCount(stream, path);
        if (!count.Ok)
        {
            return count;
        }

        var held = (stream.Length - stream.Position) / RecordBytes;
        return held == count.Value && (stream.Length - stream.Position) % RecordBytes == 0
            ? count
            : Wrong(path, $"The header announces {count.Value} ids, the file holds {held}.");
    }

    /// <summary>
    /// Merges sorted runs into one sorted file, in rounds of <see cref="MaxOpenRuns"/> at a time, holding one block per open run in memory. Duplicates
    /// are kept.
    /// </summary>
    /// <param name="runs">Paths of files in this format.</param>
    /// <param name="output">Receives the merged file.</param>
    /// <param name="folder">Where merged runs of a round go; they are deleted.</param>
    /// <returns>The number of ids, or the first fault; on a fault the output is unusable.</returns>
    public static Checked<long> Merge(IReadOnlyList<string> runs, Stream output, string folder)
    {
        if (runs.Count <= MaxOpenRuns)
        {
            return MergeRound(runs, output);
        }

        var rounds = runs.Chunk(MaxOpenRuns).Select((of, i) => (Of: of, Path: Path.Combine(folder, $"merge-{Guid.NewGuid():N}-{i}.npy"))).ToList();
        try
        {
            foreach (var (of, path) in rounds)
            {
                using var merged = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
                var count = MergeRound(of, merged);
                if (!count.Ok)
                {
                    return count;
                }
            }

            return Merge([.. rounds.Select(r => r.Path)], output, folder);
        }
        finally
        {
            rounds.ForEach(r => File.Delete(r.Path));
        }
    }

    private static Checked<long> MergeRound(IReadOnlyList<string> runs, Stream output)
    {
        var total = 0L;
        foreach (var run in runs)
        {
            var count = Check(run);
            if (!count.Ok)
            {
                return count;
            }

            total += count.Value;
        }

        List<IEnumerator<SampleUid>> open = [];
        List<Stream> files = [];
        try
        {
            var heads = new PriorityQueue<IEnumerator<SampleUid>, SampleUid>(runs.Count);
            foreach (var run in runs)
            {
                files.Add(new FileStream(run, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.SequentialScan));
                var ids = Read(files[^1], run).GetEnumerator();
                open.Add(ids);
                if (ids.MoveNext())
                {
                    heads.Enqueue(ids, ids.Current);
                }
            }

            // A run out of order surfaces as an id below its predecessor in what is written.
            return Write(output, total, Drain(heads)) is { } fault
                ? fault with { Subject = string.Join(", ", runs), Remedy = "Sort every run before merging." }
                : total;
        }
        finally
        {
            open.ForEach(e => e.Dispose());
            files.ForEach(f => f.Dispose());
        }
    }

    private static IEnumerable<SampleUid> Drain(PriorityQueue<IEnumerator<SampleUid>, SampleUid> heads)
    {
        while (heads.TryDequeue(out var ids, out var uid))
        {
            yield return uid;
            if (ids.MoveNext())
            {
                heads.Enqueue(ids, ids.Current);
            }
        }
    }

    private static byte[] Header(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var text = string.Create(CultureInfo.InvariantCulture, $"{{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': False, 'shape': ({count},), }}");
        var header = new byte[HeaderBytes];
        header.AsSpan().Fill((byte)' ');
        header[0] = 0x93;
        "NUMPY\x01\x00"u8.CopyTo(header.AsSpan(1));
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), HeaderBytes - 10);
        Encoding.ASCII.GetBytes(text, header.AsSpan(10));
        header[^1] = (byte)'\n';
        return header;
    }

    /// <summary>The length of the one dimension, when the header describes this type and nothing else.</summary>
    private static long? ParseShape(string header)
    {
        var packed = header.Replace(" ", "", StringComparison.Ordinal).Trim();
        const string Before = "{'descr':[('f0','<u8'),('f1','<u8')],'fortran_order':False,'shape':(";
        var end = packed.IndexOf(",)", StringComparison.Ordinal);
        return packed.StartsWith(Before, StringComparison.Ordinal) && end > Before.Length && packed[(end + 2)..] is ("}" or ",}")
            && long.TryParse(packed.AsSpan(Before.Length, end - Before.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : null;
    }

    private static DataFault Wrong(string name, string problem) =>
        new(name, null, problem, "Give a sorted .npy of dtype 'u8,u8', as DataComp's resharder takes.");
}
