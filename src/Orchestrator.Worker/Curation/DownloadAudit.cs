using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Holds the samples of a tar against the table that img2dataset wrote beside it, so that what was not downloaded is counted
/// and named, not forgotten: every row of the table ends as a sample of the tar or as a line of <c>quarantine.jsonl</c>.
/// </summary>
public sealed class DownloadAudit
{
    /// <summary>Stage of the lines.</summary>
    public const string Stage = "download";

    /// <summary>Error of the lines.</summary>
    public const string Error = "not-downloaded";

    private readonly DownloadTable _table;
    private readonly string _shard;
    private readonly HashSet<string> _met = new(StringComparer.Ordinal);
    private long _unlisted;

    private DownloadAudit(DownloadTable table, string shard) => (_table, _shard) = (table, shard);

    /// <summary>Reads what stands beside a tar.</summary>
    /// <param name="source">The tar, its path resolved.</param>
    /// <param name="folder">The job's folder; keeps a local copy of the table while it is open.</param>
    /// <exception cref="InvalidDataException">A file is missing, damaged, or of another run.</exception>
    public static DownloadAudit Open(ScorePayload source, JobFolder folder)
    {
        var (table, stats) = (DownloadTable.TableOf(source.Path), DownloadTable.StatsOf(source.Path));
        if (folder.Storage.ReadAll(stats) is not { } counts || folder.Storage.Stat(table) is null)
        {
            throw new InvalidDataException(
                $"input.shards: {source.Name}: there is no {(folder.Storage.Stat(table) is null ? Name(table) : Name(stats))} beside it, so img2dataset did not finish this shard; run it again, or set input.format: webdataset.");
        }

        var read = DownloadTable.Read(folder.Storage.Fetch(table, folder.Pins), Name(table), counts, Name(stats));
        return read.Ok ? new DownloadAudit(read.Value, source.Name) : throw new InvalidDataException(read.Fault!.ToString());

        string Name(string path) => source.Name[..(source.Name.LastIndexOf('/') + 1)] + path[(path.LastIndexOf('/') + 1)..];
    }

    /// <summary>A sample of the tar was met, read or passed over.</summary>
    public void Meet(string key)
    {
        var name = key[(key.LastIndexOf('/') + 1)..];
        if (!_table.Rows.ContainsKey(name) || !_met.Add(name))
        {
            _unlisted++;
        }
    }

    /// <summary>Counts the rows without a sample and writes a line for each; call once, after the last sample.</summary>
    /// <param name="tally">Receives the counts.</param>
    /// <param name="quarantine">Receives the lines.</param>
    /// <exception cref="InvalidDataException">Not one sample is in the table.</exception>
    public void Finish(SampleTally tally, Stream quarantine)
    {
        if (_met.Count == 0 && _unlisted > 0 && _table.Rows.Count > 0)
        {
            throw new InvalidDataException(
                $"input.shards: {_shard}: none of its {_unlisted:N0} samples is in the table beside it ('{_table.Rows.Keys.First()}' is); give each tar the table of its own shard.");
        }

        tally.Count(CurationTally.Listed, _table.Count);
        tally.Count(CurationTally.Unlisted, _unlisted);
        foreach (var (key, row) in _table.Rows.Where(r => !_met.Contains(r.Key)))
        {
            var lost = row.Status == DownloadTable.Success;
            Note(lost ? "missing-from-tar" : row.Status, 1, key, lost ? "img2dataset reports success, and the tar has no such sample" : $"{row.Status}: {row.Message ?? "no message"}");
        }

        if (_table.Count - _table.Rows.Count is > 0 and var unrecorded)
        {
            Note("unrecorded", unrecorded, null, $"img2dataset counts {unrecorded:N0} more than its table has rows: it met errors that it does not record");
        }

        void Note(string status, long count, string? key, string message)
        {
            tally.Count(CurationTally.NotDownloaded, count);
            tally.Count(CurationTally.NotDownloadedBy(status), count);
            QuarantineJsonl.Write(quarantine, new QuarantineRecord(_shard, key, null, Stage, Error, message));
        }
    }
}
