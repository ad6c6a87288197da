using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Orchestrator.Inference.Text;

/// <summary>Losses of fastText's supervised models, as numbered in the file.</summary>
internal enum FastTextLoss
{
    HierarchicalSoftmax = 1,
    NegativeSampling = 2,
    Softmax = 3,
    OneVsAll = 4,
}

/// <summary>The arguments that decide prediction.</summary>
internal sealed record FastTextArguments(int Dimension, int WordNgrams, FastTextLoss Loss, int Model, int Bucket, int MinN, int MaxN);

/// <summary>A little-endian cursor over a model file that turns every short read into one error naming the file and offset.</summary>
internal sealed class FastTextFile(string path, Stream stream)
{
    private const int LongestWord = 1 << 20;
    private readonly byte[] _small = new byte[8];
    private long _at;

    public string Path => path;

    public ModelContractException Wrong(string field, string expected, string found) =>
        new(path, field, expected, $"{found} (at byte {_at})", "Download the file again, or train it with fastText 0.9 or later");

    public int Int32(string field)
    {
        Fill(_small.AsSpan(0, 4), field);
        return BinaryPrimitives.ReadInt32LittleEndian(_small);
    }

    public long Int64(string field)
    {
        Fill(_small.AsSpan(0, 8), field);
        return BinaryPrimitives.ReadInt64LittleEndian(_small);
    }

    public double Double(string field) => BitConverter.Int64BitsToDouble(Int64(field));

    public byte Byte(string field)
    {
        Fill(_small.AsSpan(0, 1), field);
        return _small[0];
    }

    public bool Flag(string field) => Byte(field) switch
    {
        0 => false,
        1 => true,
        var other => throw Wrong(field, "0 or 1", other.ToString()),
    };

    /// <summary>Bytes up to a zero, which is consumed.</summary>
    public byte[] ZeroTerminated(string field)
    {
        var bytes = new List<byte>(16);
        while (Byte(field) is var value and not 0)
        {
            bytes.Add(value);
            if (bytes.Count > LongestWord)
            {
                throw Wrong(field, "a zero-terminated word", "a megabyte without a zero");
            }
        }

        return [.. bytes];
    }

    public float[] Floats(long count, string field)
    {
        var values = new float[Checked(count, sizeof(float), field)];
        Fill(MemoryMarshal.AsBytes(values.AsSpan()), field);
        return values;
    }

    public byte[] Bytes(long count, string field)
    {
        var values = new byte[Checked(count, 1, field)];
        Fill(values, field);
        return values;
    }

    /// <summary>Refuses a count the rest of the file cannot hold, before memory is taken for it.</summary>
    public int Checked(long count, int size, string field) =>
        count >= 0 && count <= Array.MaxLength && count * size <= stream.Length - _at
            ? (int)count
            : throw Wrong(field, $"at most {Math.Max(0, stream.Length - _at)} bytes, which is what is left", $"{count} values of {size} bytes");

    private void Fill(Span<byte> into, string field)
    {
        var got = stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
        _at += got;
        if (got < into.Length)
        {
            throw Wrong(field, $"{into.Length} bytes", $"{got}, then the end of the file");
        }
    }
}
