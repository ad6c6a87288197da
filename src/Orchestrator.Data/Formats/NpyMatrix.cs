using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Orchestrator.Data.Formats;

/// <summary>Rows of a NumPy array of two dimensions that somebody else made: <c>float16</c>, <c>float32</c> or <c>float64</c>, C order, little-endian, format 1 to 3.</summary>
public static partial class NpyMatrix
{
    private const string Remedy = "Save it with numpy.save as a C-ordered array of float16 or float32 with two dimensions.";

    /// <summary>Opens an array; anything else, or a file that is shorter or longer than its shape, is a fault.</summary>
    /// <param name="path">Absolute path, already guarded.</param>
    /// <param name="field">Field of the document, for the fault.</param>
    public static Checked<NpyMatrixReader> Open(string path, string field)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            var (problem, reader) = Read(file);
            if (reader is not null)
            {
                return reader;
            }

            file.Dispose();
            return new DataFault(path, field, problem, Remedy);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            return new DataFault(path, field, $"The array cannot be read ({e.Message}).", "Check the path and its permissions.");
        }
    }

    private static (string Problem, NpyMatrixReader? Reader) Read(FileStream file)
    {
        Span<byte> start = stackalloc byte[12];
        if (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
        {
            return ("The file is not a NumPy array.", null);
        }

        var (begin, length) = start[6] == 1 ? (10, BinaryPrimitives.ReadUInt16LittleEndian(start[8..])) : (12, BinaryPrimitives.ReadInt32LittleEndian(start[8..]));
        if (length is < 0 or > 1 << 16 || begin + length > file.Length)
        {
            return ("The array's header is longer than the file.", null);
        }

        var header = new byte[length];
        file.Position = begin;
        file.ReadExactly(header);
        var text = Encoding.UTF8.GetString(header);
        if (Shape().Match(text) is not { Success: true } match
            || !long.TryParse(match.Groups["rows"].ValueSpan, CultureInfo.InvariantCulture, out var rows)
            || !int.TryParse(match.Groups["width"].ValueSpan, CultureInfo.InvariantCulture, out var dimension) || dimension < 1)
        {
            return ($"The array is not a C-ordered matrix of float16, float32 or float64: {text.Trim()}", null);
        }

        var size = match.Groups["bytes"].Value[0] - '0';
        return file.Length == begin + length + (rows * (long)dimension * size)
            ? ("", new NpyMatrixReader(file, rows, dimension, size))
            : ($"The array says {rows} x {dimension} values, the file holds {(file.Length - begin - length) / size}.", null);
    }

    [GeneratedRegex(@"'descr':\s*'<f(?<bytes>[248])',\s*'fortran_order':\s*False,\s*'shape':\s*\((?<rows>\d+),\s*(?<width>\d+)\)")]
    private static partial Regex Shape();
}

/// <summary>Reads rows one after the other as single precision.</summary>
public sealed class NpyMatrixReader : IDisposable
{
    private readonly FileStream _file;
    private readonly byte[] _row;
    private readonly int _size;

    internal NpyMatrixReader(FileStream file, long rows, int dimension, int size) =>
        (_file, Rows, Dimension, _size, _row) = (file, rows, dimension, size, new byte[dimension * size]);

    /// <summary>Rows of the array.</summary>
    public long Rows { get; }

    /// <summary>Values of a row.</summary>
    public int Dimension { get; }

    /// <summary>Reads the next row; call it <see cref="Rows"/> times.</summary>
    /// <param name="row"><see cref="Dimension"/> values.</param>
    public void Read(Span<float> row)
    {
        _file.ReadExactly(_row);
        for (var i = 0; i < Dimension; i++)
        {
            var value = _row.AsSpan(i * _size, _size);
            row[i] = _size switch
            {
                2 => (float)BinaryPrimitives.ReadHalfLittleEndian(value),
                4 => BinaryPrimitives.ReadSingleLittleEndian(value),
                _ => (float)BinaryPrimitives.ReadDoubleLittleEndian(value),
            };
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();
}
