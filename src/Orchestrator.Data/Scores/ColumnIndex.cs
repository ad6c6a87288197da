using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;

namespace Orchestrator.Data.Scores;

/// <summary>A Parquet file that an index is made of.</summary>
/// <param name="Path">Path on this machine.</param>
/// <param name="Name">Path for faults.</param>
public sealed record ColumnSource(string Path, string Name);

/// <summary>
/// Published scores by key, on disk: for each key 16 bytes and 4 bytes a score, sorted by key, found by binary search through a
/// memory map. Keys that are DataComp uids stand for themselves, other texts for the first half of their SHA-256. Building sorts
/// outside memory (<see cref="SpillSort{T}"/>): 12.8 million rows with one score make 256 MB. Safe for concurrent use until disposed of.
/// </summary>
/// <remarks>
/// Layout: 8 bytes <c>ORCHCOL1</c>, int64 records, int32 scores, int32 0; records, little-endian: u64 high, u64 low, floats; SHA-256 of
/// all before.
/// </remarks>
public sealed class ColumnIndex : IDisposable
{
    private const int HeaderBytes = 24;
    private const int KeyBytes = 16;
    private const int RunLength = 250_000;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    private ColumnIndex(MemoryMappedFile file)
    {
        (_file, _view) = (file, file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read));
        (Count, Scores) = (_view.ReadInt64(8), _view.ReadInt32(16));
        var digest = new byte[SHA256.HashSizeInBytes];
        _view.ReadArray(Offset(Count), digest, 0, digest.Length);
        Sha256 = Convert.ToHexStringLower(digest);
    }

    /// <summary>Distinct keys.</summary>
    public long Count { get; }

    /// <summary>Scores of a key.</summary>
    public int Scores { get; }

    /// <summary>Digest of the keys and scores, lower-case hex: the same for the same rows in any order and any number of files.</summary>
    public string Sha256 { get; }

    /// <summary>Opens an index that <see cref="Build"/> made.</summary>
    public static ColumnIndex Open(string path) => new(MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read));

    /// <summary>What a text is in an index.</summary>
    public static SampleUid KeyOf(string text) => SampleUid.TryParse(text, out var uid) ? uid : SampleUid.Derive(text);

    /// <summary>Reads tables and writes an index. The bytes depend on the tables' rows alone, not on their order.</summary>
    /// <param name="sources">The tables.</param>
    /// <param name="keyColumn">Column of keys; rows without one are passed over.</param>
    /// <param name="columns">Columns of numbers.</param>
    /// <param name="field">Field of the document, for faults.</param>
    /// <param name="path">Where the index goes.</param>
    /// <param name="cancellationToken">Observed between row groups.</param>
    /// <returns>The number of keys, or the first fault.</returns>
    public static Checked<long> Build(
        IReadOnlyList<ColumnSource> sources, string keyColumn, IReadOnlyList<string> columns, string field, string path, CancellationToken cancellationToken)
    {
        var runs = path + ".runs";
        try
        {
            using var sort = new SpillSort<Record>(runs, Record.Order, Record.Write, from => Record.Read(from, columns.Count), RunLength);
            foreach (var source in sources)
            {
                var opened = ParquetTable.Open(source.Path, source.Name, field, [keyColumn], columns);
                if (!opened.Ok)
                {
                    return opened.Fault!;
                }

                using var table = opened.Value;
                for (var group = 0; group < table.Groups; group++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var keys = table.Texts(group, keyColumn);
                    var scores = columns.Select(c => table.Numbers(group, c)).ToArray();
                    for (var i = 0; i < keys.Length; i++)
                    {
                        if (keys[i] is { Length: > 0 } key)
                        {
                            sort.Add(new Record(KeyOf(key), Array.ConvertAll(scores, s => s[i])));
                        }
                    }
                }
            }

            // Two passes over the runs: the header needs the number of distinct keys.
            var count = Merged(sort, columns.Count).LongCount();
            using var file = AtomicFile.Create(path);
            Write((HashingStream)file.Stream, count, Merged(sort, columns.Count), columns.Count);
            file.Commit();
            return count;
        }
        catch (InvalidDataException e)
        {
            return new DataFault(sources.Count == 1 ? sources[0].Name : $"{sources.Count} tables", field, e.Message, "Fetch the table again.");
        }
        finally
        {
            if (Directory.Exists(runs))
            {
                Directory.Delete(runs, recursive: true);
            }
        }
    }

    /// <summary>The scores of a key; false where it has none. A score is NaN where the tables have none or contradict each other.</summary>
    /// <param name="key">From <see cref="KeyOf"/>.</param>
    /// <param name="scores">Receives them, <see cref="Scores"/> long.</param>
    public bool TryGet(SampleUid key, Span<float> scores)
    {
        var (low, high) = (0L, Count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (KeyAt(middle).CompareTo(key) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low >= Count || KeyAt(low) != key)
        {
            return false;
        }

        for (var i = 0; i < Scores; i++)
        {
            scores[i] = _view.ReadSingle(Offset(low) + KeyBytes + (i * sizeof(float)));
        }

        return true;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private SampleUid KeyAt(long index) => new(_view.ReadUInt64(Offset(index)), _view.ReadUInt64(Offset(index) + 8));

    private long Offset(long index) => HeaderBytes + (index * (KeyBytes + (Scores * sizeof(float))));

    private static IEnumerable<Record> Merged(SpillSort<Record> sort, int scores)
    {
        Record? held = null;
        var contradicted = new bool[scores];
        foreach (var record in sort.Sorted())
        {
            if (held is { } same && same.Key == record.Key)
            {
                for (var i = 0; i < scores; i++)
                {
                    // A row that says nothing contradicts nobody.
                    contradicted[i] |= !float.IsNaN(same.Scores[i]) && !float.IsNaN(record.Scores[i]) && same.Scores[i] != record.Scores[i];
                    same.Scores[i] = contradicted[i] ? float.NaN : float.IsNaN(same.Scores[i]) ? record.Scores[i] : same.Scores[i];
                }

                continue;
            }

            if (held is { } finished)
            {
                yield return finished;
            }

            held = record with { Scores = [.. record.Scores] };
            Array.Clear(contradicted);
        }

        if (held is { } last)
        {
            yield return last;
        }
    }

    private static void Write(HashingStream output, long count, IEnumerable<Record> records, int scores)
    {
        var header = new byte[HeaderBytes];
        "ORCHCOL1"u8.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), count);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), scores);
        output.Write(header);
        var bytes = new byte[KeyBytes + (scores * sizeof(float))];
        foreach (var record in records)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, record.Key.High);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), record.Key.Low);
            MemoryMarshal.AsBytes(record.Scores.AsSpan()).CopyTo(bytes.AsSpan(KeyBytes));
            output.Write(bytes);
        }

        output.Write(Convert.FromHexString(output.Digest().Sha256));
    }

    private readonly record struct Record(SampleUid Key, float[] Scores)
    {
        // Rows of one key need an order of their own: their scores', bit by bit.
        public static IComparer<Record> Order { get; } = Comparer<Record>.Create((x, y) =>
            x.Key.CompareTo(y.Key) is not 0 and var byKey ? byKey : MemoryMarshal.Cast<float, int>(x.Scores).SequenceCompareTo(MemoryMarshal.Cast<float, int>(y.Scores)));

        public static void Write(BinaryWriter to, Record record)
        {
            to.Write(record.Key.High);
            to.Write(record.Key.Low);
            to.Write(MemoryMarshal.AsBytes(record.Scores.AsSpan()));
        }

        public static Record Read(BinaryReader from, int scores)
        {
            var key = new SampleUid(from.ReadUInt64(), from.ReadUInt64());
            var values = new float[scores];
            from.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            return new Record(key, values);
        }
    }
}
