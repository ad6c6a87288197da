using System.Globalization;
using System.Text.Json;
using Orchestrator.Samples.PoolGenerator.Captions;
using Orchestrator.Samples.PoolGenerator.Drawing;
using Orchestrator.Samples.PoolGenerator.Scenes;
using Orchestrator.Samples.PoolGenerator.Shards;

namespace Orchestrator.Samples.PoolGenerator;

/// <summary>
/// Writes pictures without defects, each with several true captions and two kinds of false ones, as
/// <c>{:08d}.tar</c> with members <c>key.jpg</c> (or png, webp) and <c>key.json</c>. The JSON has <c>captions</c> (all
/// true), <c>partial</c> (one attribute of one object wrong), <c>swapped</c> (of a scene with no colour in common) and
/// <c>scene</c>.
/// </summary>
public static class PairWriter
{
    /// <param name="folder">Made if it is missing; files of the same names are overwritten.</param>
    /// <param name="options">What to write.</param>
    /// <param name="cancellationToken">Stops between two pictures and leaves the folder unfinished.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public static async Task WriteAsync(string folder, PairOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Captions, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.SamplesPerShard, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.SamplesPerShard, 10_000);
        Directory.CreateDirectory(folder);
        var shards = (options.Count + options.SamplesPerShard - 1) / options.SamplesPerShard;
        await Parallel.ForEachAsync(Enumerable.Range(0, shards), cancellationToken, async (shard, token) =>
        {
            var path = Path.Combine(folder, shard.ToString("D8", CultureInfo.InvariantCulture) + ".tar");
            await using var file = File.Create(path);
            using var tar = new TarShardWriter(file);
            var first = shard * options.SamplesPerShard;
            var last = Math.Min(options.Count, first + options.SamplesPerShard);
            for (var index = first; index < last; index++)
            {
                token.ThrowIfCancellationRequested();
                var key = string.Create(CultureInfo.InvariantCulture, $"{shard * 10_000L + index - first:D12}");
                WritePair(tar, key, index, options);
            }
        });
    }

    private static void WritePair(TarShardWriter tar, string key, int index, PairOptions options)
    {
        var scene = SceneSampler.Draw(new SeededStream(options.Seed, StreamPurpose.Scene, index));
        var canvas = Canvas.Draw(new SeededStream(options.Seed, StreamPurpose.Canvas, index), DefectKind.None);
        using var bitmap = ScenePainter.Paint(
            scene, canvas.Width, canvas.Height, new SeededStream(options.Seed, StreamPurpose.Paint, index));
        var picture = EncodedPicture.Of(bitmap, canvas.Format, canvas.Quality);
        var words = new SeededStream(options.Seed, StreamPurpose.Caption, index);
        var damage = new SeededStream(options.Seed, StreamPurpose.Damage, index);
        var json = JsonSerializer.SerializeToUtf8Bytes(new
        {
            captions = Enumerable.Range(0, options.Captions).Select(_ => CaptionWriter.Describe(scene, words)).ToArray(),
            partial = CaptionWriter.Describe(CaptionDefects.WithOneAttributeWrong(scene, damage), damage),
            swapped = CaptionWriter.Describe(DifferentScene.Draw(scene, damage), damage),
            scene,
        }, TruthLine.Json);
        tar.Add($"{key}.{picture.Extension}", picture.Bytes);
        tar.Add($"{key}.json", json);
    }
}
