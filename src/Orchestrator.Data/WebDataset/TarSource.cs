namespace Orchestrator.Data.WebDataset;

/// <summary>A buffered forward reader that knows its offset: headers are parsed in place, member bytes are copied once.</summary>
internal sealed class TarSource(Stream stream, int bufferBytes)
{
    // A member that lies about its size must not reserve memory the archive cannot fill.
    private const int BlindAllocation = 16 << 20;

    private readonly byte[] _buffer = new byte[Math.Max(bufferBytes, 4096)];
    private int _start;
    private int _end;

    /// <summary>Offset of the next unread byte.</summary>
    public long Position { get; private set; } = stream.CanSeek ? stream.Position : 0;

    /// <summary>Looks at up to <paramref name="count"/> bytes (at most the buffer) without consuming them; fewer only at the end of the stream.</summary>
    public ReadOnlySpan<byte> Peek(int count)
    {
        while (_end - _start < count)
        {
            if (_start > 0 && _buffer.Length - _start < count)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                _end -= _start;
                _start = 0;
            }

            var read = stream.Read(_buffer, _end, _buffer.Length - _end);
            if (read == 0)
            {
                break;
            }

            _end += read;
        }

        return _buffer.AsSpan(_start, Math.Min(count, _end - _start));
    }

    /// <summary>Passes over bytes and returns how many there were, fewer only at the end of the stream.</summary>
    public long Skip(long count)
    {
        var buffered = (int)Math.Min(count, _end - _start);
        Consume(buffered);
        var left = count - buffered;
        if (left == 0)
        {
            return count;
        }

        if (stream.CanSeek)
        {
            var jump = Math.Min(left, Math.Max(0, stream.Length - Position));
            stream.Seek(jump, SeekOrigin.Current);
            Position += jump;
            return buffered + jump;
        }

        while (left > 0)
        {
            var chunk = Peek((int)Math.Min(left, _buffer.Length)).Length;
            if (chunk == 0)
            {
                break;
            }

            Consume(chunk);
            left -= chunk;
        }

        return count - left;
    }

    /// <summary>Reads exactly <paramref name="size"/> bytes into a new array, or returns null when the stream ends first (what there was is consumed).</summary>
    public byte[]? ReadExactly(int size)
    {
        if (size == 0)
        {
            return [];
        }

        if (stream.CanSeek && stream.Length - Position < size)
        {
            Skip(size);
            return null;
        }

        var data = GC.AllocateUninitializedArray<byte>(stream.CanSeek ? size : Math.Min(size, BlindAllocation));
        var filled = Math.Min(data.Length, _end - _start);
        _buffer.AsSpan(_start, filled).CopyTo(data);
        Consume(filled);
        while (filled < size)
        {
            if (filled == data.Length)
            {
                Array.Resize(ref data, (int)Math.Min(size, data.Length * 2L));
            }

            // Past the buffer, straight into the member: large images are not copied twice.
            var read = stream.Read(data, filled, data.Length - filled);
            if (read == 0)
            {
                return null;
            }

            filled += read;
            Position += read;
        }

        return data;
    }

    /// <summary>Moves to an absolute offset of a seekable stream.</summary>
    public void SeekTo(long offset)
    {
        stream.Seek(offset, SeekOrigin.Begin);
        _start = _end = 0;
        Position = offset;
    }

    private void Consume(int count)
    {
        _start += count;
        if (_start == _end)
        {
            _start = _end = 0;
        }

        Position += count;
    }
}
