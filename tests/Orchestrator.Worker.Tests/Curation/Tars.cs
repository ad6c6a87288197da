using System.Formats.Tar;
using System.Globalization;
using System.Text;
using NetVips;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>Writes input tars with .NET's own tar writer, which is not the one under test.</summary>
internal static class Tars
{
    public static void Write(string path, params (string Name, byte[] Data)[] members)
    {
        using var writer = new TarWriter(File.Create(path), TarEntryFormat.Ustar);
        foreach (var (name, data) in members)
        {
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(data), ModificationTime = DateTimeOffset.UnixEpoch });
        }
    }

    /// <summary>A shard of good samples: sample i of shard s has brightness (s x count + i) / total.</summary>
    public static (string, byte[])[] Good(int shard, int count, int total) =>
    [
        .. Enumerable.Range(0, count).SelectMany(i => Sample(Key(shard, i), (byte)(255L * ((shard * count) + i) / total), "a small grey square")),
    ];

    public static string Key(int shard, int i) => string.Create(CultureInfo.InvariantCulture, $"{shard:D4}{i:D8}");

    public static (string, byte[])[] Sample(string key, byte brightness, string caption, int width = 240, int height = 220) =>
    [
        ($"{key}.png", Png(brightness, width, height)),
        ($"{key}.txt", Encoding.UTF8.GetBytes(caption)),
        ($"{key}.json", Encoding.UTF8.GetBytes($$"""{"key": "{{key}}", "note": "kept as it is"}""")),
    ];

    public static byte[] Png(byte brightness, int width, int height)
    {
        using var image = Image.Black(width, height, bands: 3) + brightness;
        using var bytes = image.Cast(Enums.BandFormat.Uchar);
        return bytes.PngsaveBuffer(compression: 1);
    }

    public static byte[] Jpeg(int width, int height)
    {
        using var noise = Image.Gaussnoise(width, height, mean: 128, sigma: 40, seed: 7);
        using var bytes = noise.Cast(Enums.BandFormat.Uchar);
        return bytes.JpegsaveBuffer(q: 85);
    }
}
