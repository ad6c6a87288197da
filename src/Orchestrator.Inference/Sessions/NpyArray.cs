using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Orchestrator.Inference.Sessions;

/// <summary>A golden tensor from a <c>.npy</c> file: float32, int64 or bool, C order, little endian (NumPy format 1 to 3).</summary>
/// <param name="File">Path, for errors.</param>
/// <param name="Shape">Sizes; empty for a scalar.</param>
/// <param name="Values">float[], long[] or bool[].</param>
internal sealed partial record NpyArray(string File, long[] Shape, Array Values)
{
    /// <exception cref="ModelContractException">No such file, no npy file, another type or order, or fewer or more values than the shape says.</exception>
    public static NpyArray Read(string path)
    {
        if (!System.IO.File.Exists(path))
        {
            throw new ModelContractException(path, "file", "an npy file", "nothing", "Export the golden vectors again");
        }

        var bytes = System.IO.File.ReadAllBytes(path);
        if (bytes.Length < 12 || bytes[0] != 0x93 || !bytes.AsSpan(1, 5).SequenceEqual("NUMPY"u8))
        {
            throw new ModelContractException(path, "file", "an npy file", "another format");
        }

        var wide = bytes[6] > 1;
        var start = wide ? 12 : 10;
        var length = wide ? BitConverter.ToInt32(bytes, 8) : BitConverter.ToUInt16(bytes, 8);
        if (length < 0 || start + length > bytes.Length)
        {
            throw new ModelContractException(path, "header", "a header inside the file", $"{length} bytes");
        }

        var header = Encoding.UTF8.GetString(bytes, start, length);
        if (Header().Match(header) is not { Success: true } match || match.Groups["order"].Value != "False")
        {
            throw new ModelContractException(path, "header", "descr, fortran_order False and shape", header.Trim());
        }

        var shape = match.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        var count = shape.Aggregate(1L, (a, b) => checked(a * b));
        var data = bytes.AsSpan(start + length);
        var size = match.Groups["type"].Value switch
        {
            "<f4" => 4,
            "<i8" => 8,
            "|b1" => 1,
            var other => throw new ModelContractException(path, "descr", "<f4, <i8 or |b1 (float32, int64 or bool)", other, "Store the golden tensor in one of these"),
        };
        if (count * size != data.Length)
        {
            throw new ModelContractException(path, "shape", $"{data.Length / size} values, those in the file", $"({string.Join(", ", shape)})");
        }

        Array values = size switch
        {
            4 => MemoryMarshal.Cast<byte, float>(data).ToArray(),
            8 => MemoryMarshal.Cast<byte, long>(data).ToArray(),
            _ => data.ToArray().Select(b => b != 0).ToArray(),
        };
        return new NpyArray(path, shape, values);
    }

    [GeneratedRegex(@"'descr':\s*'(?<type>[^']+)',\s*'fortran_order':\s*(?<order>\w+),\s*'shape':\s*\((?<shape>[\d,\s]*)\)")]
    private static partial Regex Header();
}
