using System.Formats.Tar;

namespace Orchestrator.Samples.PoolGenerator.Shards;

/// <summary>
/// Writes WebDataset members as the webdataset library does: USTAR, mode 0444, owner <c>bigdata</c>, archive padded to
/// 10,240 bytes. The modification time is fixed, so equal samples give equal bytes.
/// </summary>
internal sealed class TarShardWriter(Stream stream) : IDisposable
{
    private const int RecordBytes = 10_240;

    /// <summary>2024-01-01, a date with no meaning.</summary>
    private static readonly DateTimeOffset ModificationTime = DateTimeOffset.FromUnixTimeSeconds(1_704_067_200);

    private readonly TarWriter tar = new(stream, TarEntryFormat.Ustar, leaveOpen: true);

    public void Add(string name, byte[] content) => tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
    {
        DataStream = new MemoryStream(content, writable: false),
        ModificationTime = ModificationTime,
        Mode = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
        UserName = "bigdata",
        GroupName = "bigdata",
        Uid = 0,
        Gid = 0,
    });

    /// <summary>Ends the archive; the stream stays open.</summary>
    public void Dispose()
    {
        tar.Dispose();
        var excess = (int)(stream.Position % RecordBytes);
        if (excess > 0)
        {
            stream.Write(new byte[RecordBytes - excess]);
        }
    }
}
