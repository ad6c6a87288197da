using System.Buffers;
using Amazon.S3;
using Amazon.S3.Model;

namespace Orchestrator.Data.Storage.S3;

/// <summary>
/// Reads one version of an object by ranged requests. A body that breaks off, ends early or falls silent is asked for again
/// from where it stopped, under the same ETag; the end is reported only after every byte. A seek costs nothing until the
/// next read; short ones forward are read through, others begin a new request. Not thread-safe.
/// </summary>
internal sealed class S3ReadStream(S3Server server, S3Address address, long length, string version) : Stream
{
    // Reading this much is quicker than a new request.
    private const long ReadThrough = 1 << 20;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private GetObjectResponse? _response;
    private long _bodyAt;
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().ConfigureAwait(false).GetAwaiter().GetResult();

    public override int Read(Span<byte> buffer)
    {
        var rented = ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            var read = Read(rented, 0, buffer.Length);
            rented.AsSpan(0, read).CopyTo(buffer);
            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin)
    {
        var target = offset + (origin == SeekOrigin.Begin ? 0 : origin == SeekOrigin.Current ? _position : length);
        ArgumentOutOfRangeException.ThrowIfNegative(target, nameof(offset));
        return _position = target;
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException("The stream is read only.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("The stream is read only.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close(ref _response);
        }

        base.Dispose(disposing);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _position >= length)
        {
            return 0;
        }

        var wanted = buffer[..(int)Math.Min(buffer.Length, length - _position)];
        for (var failures = 0; ;)
        {
            try
            {
                await ReachPositionAsync(cancellationToken).ConfigureAwait(false);
                var read = await ReadBodyAsync(wanted, cancellationToken).ConfigureAwait(false);
                _position = _bodyAt;
                return read;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && (e is StorageException || (S3Faults.IsStorage(e) && e is not AmazonS3Exception)))
            {
                Close(ref _response);
                if (++failures > server.Options.Retries)
                {
                    throw e as StorageException ?? S3Faults.Explain(e, address, server.Endpoint, "read");
                }
            }
            catch (AmazonS3Exception e)
            {
                throw S3Faults.Explain(e, address, server.Endpoint, "read");
            }

            await Task.Delay(Pause(failures), server.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ReachPositionAsync(CancellationToken cancellationToken)
    {
        if (_response is not null && (_position < _bodyAt || _position - _bodyAt > ReadThrough))
        {
            Close(ref _response);
        }

        if (_response is null)
        {
            // Failing to open was tried again by the SDK already.
            _response = await server.CallAsync(address, "read", client => client.GetObjectAsync(
                new GetObjectRequest
                {
                    BucketName = address.Bucket,
                    Key = address.Key,
                    ByteRange = new ByteRange(_position, length - 1),
                    EtagToMatch = version,
                },
                cancellationToken)).ConfigureAwait(false);
            _bodyAt = _position;
            if (_response.ContentLength != length - _position)
            {
                throw new StorageRefusedException(
                    $"{address}: {server.Endpoint} sends {_response.ContentLength:N0} bytes from byte {_position:N0} of {length:N0}; it must support ranges.");
            }
        }

        var rented = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            while (_bodyAt < _position)
            {
                await ReadBodyAsync(rented.AsMemory(0, (int)Math.Min(rented.Length, _position - _bodyAt)), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private async Task<int> ReadBodyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(server.Options.Timeout, server.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        var read = await _response!.ResponseStream.ReadAsync(buffer, either.Token).ConfigureAwait(false);
        _bodyAt += read > 0 ? read : throw new IOException($"the body ended {length - _bodyAt:N0} bytes early");
        return read;
    }

    private TimeSpan Pause(int failures) =>
        TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, server.Options.RetryDelay.Ticks << Math.Min(failures - 1, 20)));

    private static void Close(ref GetObjectResponse? response)
    {
        response?.Dispose();
        response = null;
    }
}
