using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Orchestrator.Data.Formats;

/// <summary>Embeddings as clip-retrieval keeps them: a NumPy 1.0 array of <c>float16</c> [rows, dimension], C order, memory-mappable.</summary>
/// <remarks>The header is padded to 128 bytes, so the data begin on a multiple of 64.</remarks>
public static partial class HalfNpy
{
    private const int HeaderBytes = 128;

    /// <summary>Bytes before the data of an array of this shape.</summary>
    /// <param name="rows">0 or more.</param>
    /// <param name="dimension">At least 1.</param>
    public static byte[] Header(long rows, int dimension)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '<f2', 'fortran_order': False, 'shape': ({rows}, {dimension}), }}");
        var header = new byte[HeaderBytes];
        header.AsSpan().Fill((byte)' ');
        header[0] = 0x93;
        "NUMPY"u8.CopyTo(header.AsSpan(1));
        (header[6], header[7], header[8], header[9]) = (1, 0, HeaderBytes - 10, 0);
        Encoding.ASCII.GetBytes(text, header.AsSpan(10));
        header[^1] = (byte)'\n';
        return header;
    }

    /// <summary>Values of a row, in the byte order of the file.</summary>
    public static ReadOnlySpan<byte> Bytes(ReadOnlySpan<Half> row) => BitConverter.IsLittleEndian
        ? MemoryMarshal.AsBytes(row)
        : throw new PlatformNotSupportedException("Embeddings are written on little-endian machines only.");

    /// <summary>Opens a file of this form; its length must be that of its shape.</summary>
    public static Checked<HalfNpyReader> Open(string path)
    {
        if (!File.Exists(path))
        {
            return new DataFault(path, null, "There is no such embedding file.", "Run the job again with keepEmbeddings.");
        }

        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        var start = new byte[10];
        if (file.ReadAtLeast(start, 10, throwOnEndOfStream: false) == 10 && start[0] == 0x93 && start.AsSpan(1, 6).SequenceEqual("NUMPY\x01"u8))
        {
            var header = new byte[start[8] | (start[9] << 8)];
            if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length
                && Shape().Match(Encoding.ASCII.GetString(header)) is { Success: true } match
                && long.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var rows)
                && int.TryParse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture, out var dimension)
                && dimension > 0
                && file.Length == 10 + header.Length + (rows * dimension * 2))
            {
                return new HalfNpyReader(file, rows, dimension);
            }
        }

        file.Dispose();
        return new DataFault(path, null, "The file is not a NumPy array of float16 with two dimensions.", "Give an img_emb file written with keepEmbeddings.");
    }

    [GeneratedRegex(@"^\{'descr': '<f2', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \}\s*$")]
    private static partial Regex Shape();
}

/// <summary>Reads rows of a float16 array one after the other.</summary>
public sealed class HalfNpyReader : IDisposable
{
    private readonly FileStream _file;

    internal HalfNpyReader(FileStream file, long rows, int dimension) => (_file, Rows, Dimension) = (file, rows, dimension);

    /// <summary>Rows of the array.</summary>
    public long Rows { get; }

    /// <summary>Values of a row.</summary>
    public int Dimension { get; }

    /// <summary>Reads the next row; call it <see cref="Rows"/> times.</summary>
    /// <param name="row"><see cref="Dimension"/> values.</param>
    public void Read(Span<Half> row) => _file.ReadExactly(MemoryMarshal.AsBytes(row));

    /// <summary>Reads any row; safe for concurrent use, also beside itself.</summary>
    /// <param name="index">0 to <see cref="Rows"/> - 1.</param>
    /// <param name="row"><see cref="Dimension"/> values.</param>
    public void ReadAt(long index, Span<Half> row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Rows);
        var bytes = MemoryMarshal.AsBytes(row);
        var start = _file.Length - ((Rows - index) * bytes.Length);
        for (var read = 0; read < bytes.Length;)
        {
            var got = RandomAccess.Read(_file.SafeFileHandle, bytes[read..], start + read);
            read += got > 0 ? got : throw new EndOfStreamException($"{_file.Name} ends inside row {index}.");
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();
}
