using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Data.Formats;

/// <summary><c>meta.json</c> as DataComp's resharder writes it: its arguments as text, then its counters. DataComp's train.py reads <c>output_shard_count</c> and <c>output_shard_format</c>.</summary>
/// <remarks>
/// Fields that would differ between machines or worker counts have fixed values: <c>num_workers</c> is 1, <c>cwd</c> is ".",
/// <c>blur_time</c> is 0. Paths are those of the document.
/// </remarks>
public sealed record MetaJson
{
    /// <summary>Folder or pattern of the input, as in the document.</summary>
    public required string InputDir { get; init; }

    /// <summary>Output folder, as in the document.</summary>
    public required string OutputDir { get; init; }

    /// <summary>Input shards read.</summary>
    public required int InputShards { get; init; }

    /// <summary>Most samples in an output shard.</summary>
    public required int ShardSize { get; init; }

    /// <summary>Samples read.</summary>
    public required long ProcessedCount { get; init; }

    /// <summary>Samples written.</summary>
    public required long OutputCount { get; init; }

    /// <summary>Shards written, numbered from 0 without gaps.</summary>
    public required int OutputShardCount { get; init; }

    /// <summary>Python format of input shard names. Default <c>{:08d}.tar</c>.</summary>
    public string ShardFormat { get; init; } = "{:08d}.tar";

    /// <summary>Python format of output shard names. Default <c>{:08d}.tar</c>.</summary>
    public string OutputShardFormat { get; init; } = "{:08d}.tar";

    /// <summary>The file's bytes.</summary>
    public byte[] Write() => JsonText.Document(json =>
    {
        json.WriteStartObject();
        foreach (var (name, value) in Arguments())
        {
            json.WriteString(name, value);
        }

        json.WriteNumber("processed_count", ProcessedCount);
        json.WriteNumber("output_count", OutputCount);
        json.WriteNumber("blur_count", 0);
        json.WriteNumber("blur_time", 0);
        json.WriteNumber("output_shard_count", OutputShardCount);
        json.WriteNumber("worker_success", 1);
        json.WriteString("cwd", ".");
        json.WriteEndObject();
    });

    private IEnumerable<(string Name, string Value)> Arguments() =>
    [
        ("input_dir", InputDir),
        ("output_dir", OutputDir),
        ("subset_file", "sample_ids.npy"),
        ("num_shards", InputShards.ToString(CultureInfo.InvariantCulture)),
        ("first_shard", "0"),
        ("num_workers", "1"),
        ("shard_size", ShardSize.ToString(CultureInfo.InvariantCulture)),
        ("shard_format", ShardFormat),
        ("output_shard_format", OutputShardFormat),
        ("shard_stats_format", "{:08d}_stats.json"),
        ("output_shard_stats_format", "{:08d}_stats.json"),
        ("shard_table", "sizes.json"),
        ("write_shard_table", "True"),
        ("shuffle_bufsize", "0"),
        ("blur_metadata_map", "None"),
        ("apply_blur", "False"),
        ("inject_blur_metadata", "False"),
        ("reencode_webp_quality", "100"),
        ("dry_run", "False"),
        ("overwrite", "False"),
        ("verbose", "None"),
        ("quiet", "None"),
    ];
}
