using System.Security.Cryptography;

namespace Orchestrator.Data.Storage;

/// <summary>Length and digest of a file's content.</summary>
/// <param name="Bytes">Length in bytes.</param>
/// <param name="Sha256">64 lower-case hexadecimal digits.</param>
public sealed record FileDigest(long Bytes, string Sha256)
{
    /// <summary>Digest of bytes in memory.</summary>
    public static FileDigest Of(ReadOnlySpan<byte> content) => new(content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));

    /// <summary>Reads a file once, sequentially. Throws what opening a file throws.</summary>
    public static FileDigest OfFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        return new FileDigest(stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }
}
