using Orchestrator.Data.Tests.WebDataset;

namespace Orchestrator.BadInput.Tests.Corpus;

/// <summary>An archive that something is wrong or odd about, and where its samples must end.</summary>
/// <param name="Name">File name without its ending.</param>
/// <param name="How">How it is made, for people.</param>
/// <param name="Bytes">The file.</param>
/// <param name="Kept">Samples kept.</param>
/// <param name="Quarantined">Reason of each sample set aside, in order.</param>
/// <param name="Damage">Kind of damage reported; null for none.</param>
internal sealed record BadShard(string Name, string How, byte[] Bytes, int Kept, string[] Quarantined, string? Damage = null)
{
    public override string ToString() => Name;
}

/// <summary>Archives in steps.</summary>
internal static class ShardSteps
{
    /// <summary>An archive with samples of the given keys.</summary>
    public static TarBytes Good(params string[] keys) => keys.Aggregate(new TarBytes(), (tar, key) => tar.Good(key));

    /// <summary>Adds a good sample.</summary>
    public static TarBytes Good(this TarBytes tar, string key) =>
        tar.File(Utf8($"{key}.png"), BadSample.Picture).File(Utf8($"{key}.txt"), BadSample.Caption);

    /// <summary>The header block that was written last before <paramref name="at"/> of an archive's bytes is changed and sealed again.</summary>
    public static byte[] Changed(this byte[] archive, long at, Action<Memory<byte>> change, bool sealAgain = true)
    {
        var block = archive.AsMemory((int)at, 512);
        change(block);
        if (sealAgain)
        {
            TarBytes.Seal(block.Span);
        }

        return archive;
    }

    public static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
