using System.Globalization;
using System.Text;
using Orchestrator.Samples.PoolGenerator.Shards;

namespace Orchestrator.Samples.PoolGenerator;

/// <summary>
/// Writes a sample pool: WebDataset shards with known defects, and the truth about them in a sibling folder. Equal
/// options give byte-identical files, whatever the number of threads.
/// </summary>
public static class PoolWriter
{
    /// <summary>Writes the pool, or reuses the finished one that is there for the same options.</summary>
    /// <param name="folder">Made if it is missing. Must be empty or hold a pool of this generator, which is replaced.</param>
    /// <param name="options">What to write.</param>
    /// <param name="cancellationToken">Stops between two samples; the next call starts over.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    /// <exception cref="IOException">The folder holds files that are not a pool of this generator.</exception>
    public static async Task<PoolResult> WriteAsync(
        string folder, PoolOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var truthFolder = folder + "-truth";
        var truthPath = Path.Combine(truthFolder, "truth.jsonl");
        var hash = PoolMarker.HashOf(options);
        var marker = PoolMarker.Load(truthFolder);
        if (marker is not null && marker.Describes(folder, hash) && File.Exists(truthPath))
        {
            return new PoolResult(folder, truthPath, options.Samples, marker.Defects, Reused: true);
        }

        MakeRoom(folder, marker);
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(truthFolder);
        new PoolMarker(hash, Complete: false, [], []).Save(truthFolder);

        var sampler = new PoolSampler(options);
        var truth = new string[options.Shards];
        var counts = new int[options.Shards][];
        await Parallel.ForEachAsync(Enumerable.Range(0, options.Shards), cancellationToken, async (shard, token) =>
            (truth[shard], counts[shard]) = await WriteShardAsync(folder, shard, sampler, options, token));

        await File.WriteAllTextAsync(truthPath, string.Concat(truth), cancellationToken);
        var defects = new SortedDictionary<DefectKind, int>(
            Enum.GetValues<DefectKind>().ToDictionary(kind => kind, kind => counts.Sum(c => c[(int)kind])));
        var files = new SortedDictionary<string, long>(
            new DirectoryInfo(folder).GetFiles().ToDictionary(file => file.Name, file => file.Length), StringComparer.Ordinal);
        new PoolMarker(hash, Complete: true, files, defects).Save(truthFolder);
        return new PoolResult(folder, truthPath, options.Samples, defects, Reused: false);
    }

    private static async Task<(string Truth, int[] Counts)> WriteShardAsync(
        string folder, int shard, PoolSampler sampler, PoolOptions options, CancellationToken cancellationToken)
    {
        var name = shard.ToString("D8", CultureInfo.InvariantCulture);
        var truth = new StringBuilder();
        var counts = new int[Enum.GetValues<DefectKind>().Length];
        await using (var file = File.Create(Path.Combine(folder, name + ".tar")))
        using (var tar = new TarShardWriter(file))
        {
            var first = (long)shard * options.SamplesPerShard;
            for (var i = 0; i < options.SamplesPerShard; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var sample = sampler.Make(first + i);
                SampleMembers.Write(tar, sample);
                truth.Append(TruthLine.Of(sample).ToJson()).Append('\n');
                counts[(int)sample.Defect]++;
            }
        }

        var stats = $$"""{"count": {{options.SamplesPerShard}}, "successes": {{options.SamplesPerShard}}}""";
        await File.WriteAllTextAsync(Path.Combine(folder, name + "_stats.json"), stats, cancellationToken);
        return (truth.ToString(), counts);
    }

    /// <summary>Removes an earlier pool of ours; anything else in the folder is left alone and refused.</summary>
    private static void MakeRoom(string folder, PoolMarker? marker)
    {
        if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any())
        {
            return;
        }

        if (marker is null)
        {
            throw new IOException($"{folder} is not empty and was not written by the pool generator; name another folder.");
        }

        foreach (var path in Directory.EnumerateFiles(folder, "????????.tar")
            .Concat(Directory.EnumerateFiles(folder, "????????_stats.json")).ToArray())
        {
            File.Delete(path);
        }
    }
}
