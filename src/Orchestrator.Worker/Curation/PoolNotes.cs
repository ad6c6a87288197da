using System.Text;
using Orchestrator.Data.Storage;

namespace Orchestrator.Worker.Curation;

/// <summary>What stages over the whole pool say against candidates, in whatever order; written as a file a part.</summary>
/// <param name="folder">Where runs go.</param>
internal sealed class PoolNotes(string folder) : IDisposable
{
    private readonly SpillSort<(int Part, PoolNote Note)> _sort = new(
        folder,
        Comparer<(int Part, PoolNote Note)>.Create((x, y) => x.Part != y.Part ? x.Part.CompareTo(y.Part) : x.Note.Row.CompareTo(y.Note.Row)),
        (to, record) =>
        {
            to.Write(record.Part);
            to.Write(record.Note.Row);
            to.Write(record.Note.State);
            to.Write(record.Note.Reason);
            to.Write(record.Note.Of ?? "");
            to.Write(record.Note.By ?? "");
        },
        from => (from.ReadInt32(), new PoolNote(from.ReadInt64(), from.ReadString(), from.ReadString(), OrNull(from.ReadString()), OrNull(from.ReadString()))),
        200_000);

    /// <summary>Adds what was said of a row of a part.</summary>
    public void Add(int part, PoolNote note) => _sort.Add((part, note));

    /// <summary>All of them by part, then row. Ends the adding.</summary>
    public IEnumerable<(int Part, PoolNote Note)> Sorted() => _sort.Sorted();

    /// <summary>Writes the files; parts of which nothing was said have none.</summary>
    /// <param name="workspace">The job's workspace.</param>
    /// <param name="attempt">Folder of the attempt.</param>
    public IReadOnlyDictionary<int, AttemptFile> Write(CurationWorkspace workspace, AttemptFolder attempt)
    {
        var files = new Dictionary<int, AttemptFile>();
        using var notes = Sorted().GetEnumerator();
        var more = notes.MoveNext();
        while (more)
        {
            var part = notes.Current.Part;
            files[part] = workspace.WriteFile(attempt, $"notes-{part:D5}.jsonl", "", stream =>
            {
                for (; more && notes.Current.Part == part; more = notes.MoveNext())
                {
                    stream.Write(Encoding.UTF8.GetBytes(CurationJson.Write(notes.Current.Note) + "\n"));
                }
            });
        }

        return files;
    }

    /// <summary>Reads a part's file.</summary>
    public static IEnumerable<PoolNote> Read(string path) => File.ReadLines(path).Select(CurationJson.Read<PoolNote>);

    private static string? OrNull(string text) => text.Length == 0 ? null : text;

    public void Dispose() => _sort.Dispose();
}
