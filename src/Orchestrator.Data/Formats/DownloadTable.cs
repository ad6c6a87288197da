using System.Text.Json;

namespace Orchestrator.Data.Formats;

/// <summary>A row of img2dataset's table.</summary>
/// <param name="Status"><c>success</c>, <c>failed_to_download</c>, <c>failed_to_resize</c>, or what a newer version writes.</param>
/// <param name="Message">Its error message; null where it has none.</param>
public sealed record DownloadRow(string Status, string? Message);

/// <summary>
/// What img2dataset wrote beside one tar: <c>{shard}.parquet</c> with a row for everything that it was asked to download, and
/// <c>{shard}_stats.json</c>, written last (img2dataset/writer.py, logger.py). Memory: the rows of one shard, 10,000 by default.
/// </summary>
/// <param name="Rows">Rows by key.</param>
/// <param name="Count">What <c>_stats.json</c> counts in all. More than there are rows where img2dataset met an error that it does not record.</param>
public sealed record DownloadTable(IReadOnlyDictionary<string, DownloadRow> Rows, long Count)
{
    /// <summary>Status of a row whose image is in the tar.</summary>
    public const string Success = "success";

    /// <summary>Most rows of one shard; far above what img2dataset is run with.</summary>
    public const int MaxRows = 10_000_000;

    /// <summary>Where the table of a tar is.</summary>
    public static string TableOf(string tar) => Stem(tar) + ".parquet";

    /// <summary>Where the statistics of a tar are.</summary>
    public static string StatsOf(string tar) => Stem(tar) + "_stats.json";

    /// <summary>Reads both files; what is wrong with either is a fault.</summary>
    /// <param name="table">Path of the table on this machine.</param>
    /// <param name="tableName">Its path for faults.</param>
    /// <param name="stats">Content of the statistics.</param>
    /// <param name="statsName">Their path for faults.</param>
    public static Checked<DownloadTable> Read(string table, string tableName, ReadOnlySpan<byte> stats, string statsName)
    {
        var counts = ReadStats(stats, statsName);
        if (!counts.Ok)
        {
            return counts.Fault!;
        }

        var opened = ParquetTable.Open(table, tableName, "input.shards", ["key", "status", "error_message"], []);
        if (!opened.Ok)
        {
            return opened.Fault!;
        }

        using var file = opened.Value;
        if (file.Rows > MaxRows)
        {
            return new DataFault(tableName, "input.shards", $"The table has {file.Rows:N0} rows; at most {MaxRows:N0} are read.", "Split the shard, as img2dataset's number_sample_per_shard does.");
        }

        var rows = new Dictionary<string, DownloadRow>(StringComparer.Ordinal);
        for (var group = 0; group < file.Groups; group++)
        {
            var (keys, statuses, messages) = (file.Texts(group, "key"), file.Texts(group, "status"), file.Texts(group, "error_message"));
            for (var i = 0; i < keys.Length; i++)
            {
                if (keys[i] is not { Length: > 0 } key || statuses[i] is not { Length: > 0 } status || !rows.TryAdd(key, new DownloadRow(status, messages[i])))
                {
                    return new DataFault(
                        tableName, "input.shards", $"Row {i} of row group {group} has no key, no status, or the key of an earlier row ('{keys[i]}').", "Give the table that img2dataset wrote, unchanged.");
                }
            }
        }

        var successes = rows.Values.Count(r => r.Status == Success);
        return successes == counts.Value.Successes
            ? new DownloadTable(rows, Math.Max(counts.Value.Count, rows.Count))
            : new DataFault(
                statsName, "input.shards", $"The file counts {counts.Value.Successes} successes, the table beside it {successes}: they are of different runs.", "Run img2dataset again for this shard.");
    }

    private static string Stem(string tar) => tar.EndsWith(".tar", StringComparison.Ordinal) ? tar[..^".tar".Length] : tar;

    private static Checked<(long Count, long Successes)> ReadStats(ReadOnlySpan<byte> content, string name)
    {
        var successes = StatsJson.ReadSuccesses(content, name);
        if (!successes.Ok)
        {
            return successes.Fault! with { Field = "input.shards" };
        }

        var reader = new Utf8JsonReader(content);
        using var document = JsonDocument.ParseValue(ref reader);
        return document.RootElement.TryGetProperty("count", out var count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt64(out var value) && value >= 0
            ? (value, successes.Value)
            : new DataFault(name, "input.shards", "The file has no whole number 'count'.", "Give the file that img2dataset wrote, unchanged.");
    }
}
