using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using Orchestrator.Data.Storage;

namespace Orchestrator.Data.Formats;

/// <summary>
/// A DataComp subset file (<c>.npy</c> of "u8,u8", sorted; see <see cref="SampleIdsNpy"/>) asked for single uids: 16 bytes a uid on
/// disk, none in memory, a binary search a question. Safe for concurrent use until disposed of.
/// </summary>
public sealed class UidSubset : IDisposable
{
    private const int RecordBytes = 16;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly long _start;

    private UidSubset(MemoryMappedFile file, long start, long count) =>
        (_file, _view, _start, Count) = (file, file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read), start, count);

    /// <summary>Uids in the file, repeats counted.</summary>
    public long Count { get; }

    /// <summary>Opens a file, after reading it once to see that it is sorted; a wrong one is a fault.</summary>
    /// <param name="path">Path on this machine.</param>
    /// <param name="name">Path for the fault.</param>
    /// <param name="field">Field of the document, for the fault.</param>
    /// <param name="isSorted">True where an earlier call has seen that this content is sorted.</param>
    public static Checked<UidSubset> Open(string path, string name, string field = "input.subset", bool isSorted = false)
    {
        try
        {
            var count = SampleIdsNpy.Check(path);
            if (!count.Ok)
            {
                return count.Fault! with { Subject = name, Field = field };
            }

            if (!isSorted)
            {
                using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
                var (before, at) = (default(SampleUid), 0L);
                foreach (var uid in SampleIdsNpy.Read(stream, name))
                {
                    if (uid.CompareTo(before) < 0)
                    {
                        return new DataFault(name, field, $"The uids are not sorted: number {at} is below the one before it.", "Sort the file with numpy: np.sort(ids).");
                    }

                    (before, at) = (uid, at + 1);
                }
            }

            var bytes = new FileInfo(path).Length;
            return new UidSubset(MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read), bytes - (count.Value * RecordBytes), count.Value);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new DataFault(name, field, "There is no such file.", "Check the path and that its disk is mounted.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return new DataFault(name, field, $"The file cannot be read ({e.Message}).", "Check that it is whole, and its permissions.");
        }
    }

    /// <summary>Whether the file holds a uid.</summary>
    public bool Contains(SampleUid uid)
    {
        var (low, high) = (0L, Count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (At(middle).CompareTo(uid) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < Count && At(low) == uid;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private SampleUid At(long index)
    {
        var offset = _start + (index * RecordBytes);
        var (high, low) = (_view.ReadUInt64(offset), _view.ReadUInt64(offset + 8));
        return BitConverter.IsLittleEndian ? new(high, low) : new(BinaryPrimitives.ReverseEndianness(high), BinaryPrimitives.ReverseEndianness(low));
    }
}
