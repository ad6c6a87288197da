namespace Orchestrator.Data.Storage;

/// <summary>Sorts more records than fit in memory: sorted runs on disk, then one merge. Not thread-safe.</summary>
/// <remarks>
/// The order is the comparer's alone where no two records compare equal; give it a tie rule. Memory: the records of one run, then one
/// record a run. Runs are private files below the folder and are deleted on disposal.
/// </remarks>
/// <param name="folder">Holds the runs; made when the first is written.</param>
/// <param name="comparer">Total order.</param>
/// <param name="write">Writes a record.</param>
/// <param name="read">Reads what <paramref name="write"/> wrote.</param>
/// <param name="runLength">Records held in memory, at least 1.</param>
public sealed class SpillSort<T>(string folder, IComparer<T> comparer, Action<BinaryWriter, T> write, Func<BinaryReader, T> read, int runLength) : IDisposable
{
    private readonly List<T> _held = [];
    private readonly List<string> _runs = [];

    /// <summary>Records added.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a record.</summary>
    public void Add(T record)
    {
        _held.Add(record);
        Count++;
        if (_held.Count == runLength)
        {
            Spill();
        }
    }

    /// <summary>All records in order. Ends the adding; may be read again.</summary>
    public IEnumerable<T> Sorted()
    {
        if (_runs.Count == 0)
        {
            _held.Sort(comparer);
            return _held;
        }

        Spill();
        return Merge();
    }

    /// <summary>Deletes the runs.</summary>
    public void Dispose()
    {
        foreach (var run in _runs)
        {
            File.Delete(run);
        }
    }

    private void Spill()
    {
        if (_held.Count == 0)
        {
            return;
        }

        _held.Sort(comparer);
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{Guid.NewGuid():N}.run");
        _runs.Add(path);
        using var writer = new BinaryWriter(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16));
        foreach (var record in _held)
        {
            write(writer, record);
        }

        _held.Clear();
    }

    private IEnumerable<T> Merge()
    {
        var readers = _runs.ConvertAll(run => new BinaryReader(new FileStream(run, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16)));
        try
        {
            var heads = new PriorityQueue<(BinaryReader Reader, T Record), T>(comparer);
            foreach (var reader in readers)
            {
                Next(reader, heads);
            }

            while (heads.TryDequeue(out var head, out _))
            {
                Next(head.Reader, heads);
                yield return head.Record;
            }
        }
        finally
        {
            readers.ForEach(r => r.Dispose());
        }
    }

    private void Next(BinaryReader reader, PriorityQueue<(BinaryReader Reader, T Record), T> heads)
    {
        if (reader.BaseStream.Position < reader.BaseStream.Length)
        {
            var record = read(reader);
            heads.Enqueue((reader, record), record);
        }
    }
}
