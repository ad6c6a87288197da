using System.Security.Cryptography;

namespace Orchestrator.Data.Storage;

/// <summary>A forward write stream that digests what passes. Does not own the inner stream.</summary>
public sealed class HashingStream(Stream inner) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _bytes;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _bytes;

    /// <summary>Bytes written so far; setting it is not possible.</summary>
    public override long Position
    {
        get => _bytes;
        set => throw new NotSupportedException("The stream is written forward only.");
    }

    /// <summary>Length and digest of everything written so far.</summary>
    public FileDigest Digest() => new(_bytes, Convert.ToHexStringLower(_hash.GetCurrentHash()));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        inner.Write(buffer);
        _hash.AppendData(buffer);
        _bytes += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void WriteByte(byte value) => Write([value]);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("The stream is written forward only.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("The stream is written forward only.");

    public override void SetLength(long value) => throw new NotSupportedException("The stream is written forward only.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
