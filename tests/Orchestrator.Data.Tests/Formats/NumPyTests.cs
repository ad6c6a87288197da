using System.Diagnostics;
using System.Text.Json;
using Orchestrator.Data.Formats;

namespace Orchestrator.Data.Tests.Formats;

/// <summary>Against <c>Vectors/make_npy.py</c>, whose arrays NumPy wrote; and NumPy itself, where it is installed, reads ours.</summary>
public sealed class NumPyTests
{
    private static readonly JsonElement Vectors = JsonDocument.Parse(Vector.Bytes("npy.json")).RootElement;

    [Theory]
    [InlineData("half")]
    [InlineData("none")]
    [InlineData("wide")]
    public void HalfNpy_OfNumPysValues_IsNumPysFileByteForByte(string name)
    {
        var (rows, width, values) = Load(name);
        byte[] ours = [.. HalfNpy.Header(rows, width), .. HalfNpy.Bytes([.. values.Select(v => (Half)v)])];
        Assert.Equal(Vector.Bytes($"npy/{name}.npy"), ours);
    }

    [Theory]
    [InlineData("half")]
    [InlineData("single")]
    [InlineData("double")]
    [InlineData("none")]
    [InlineData("wide")]
    [InlineData("version2")]
    public void NpyMatrix_NumPysFile_ReadsItsValues(string name)
    {
        var (rows, width, values) = Load(name);
        using var reader = NpyMatrix.Open(Vector.PathOf($"npy/{name}.npy"), "f").Value;
        Assert.Equal((rows, width), (reader.Rows, reader.Dimension));
        var row = new float[width];
        for (var i = 0; i < rows; i++)
        {
            reader.Read(row);
            Assert.Equal(values[(i * width)..((i + 1) * width)], row);
        }
    }

    [Theory]
    [InlineData("fortran")]
    [InlineData("integers")]
    [InlineData("vector")]
    public void NpyMatrix_OtherArrays_AreFaultsThatSayWhatToSave(string name)
    {
        var fault = NpyMatrix.Open(Vector.PathOf($"npy/{name}.npy"), "stages[0].centroids").Fault!.ToString();
        Assert.Contains("stages[0].centroids", fault, StringComparison.Ordinal);
        Assert.Contains("C-ordered array of float16 or float32 with two dimensions", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void HalfNpy_ReadAt_GivesAnyRow()
    {
        var (rows, width, values) = Load("wide");
        using var reader = HalfNpy.Open(Vector.PathOf("npy/wide.npy")).Value;
        var row = new Half[width];
        for (var i = rows - 1; i >= 0; i--)
        {
            reader.ReadAt(i, row);
            Assert.Equal(values[(i * width)..((i + 1) * width)].Select(v => (Half)v), row);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadAt(rows, row));
    }

    [Fact]
    public void NumPy_MapsOurFileIntoMemory_AndSeesOurValues()
    {
        var python = Environment.GetEnvironmentVariable("ORCHESTRATOR_PYTHON") ?? (File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3");
        Assert.SkipUnless(Run(python, "-c", "import numpy").Code == 0, "Needs NumPy (ORCHESTRATOR_PYTHON names another interpreter); the files that it wrote are compared in any case.");
        using var folder = new TemporaryFolder();
        Half[] values = [(Half)0.5f, Half.NaN, (Half)(-65504f), (Half)6e-8f, (Half)1f, (Half)0f];
        var path = folder.Put("ours.npy", [.. HalfNpy.Header(2, 3), .. HalfNpy.Bytes(values)]);
        var (code, output) = Run(python, "-c", "import numpy,sys; a=numpy.load(sys.argv[1],mmap_mode='r'); print(type(a).__name__,a.dtype.str,a.shape,a.flags.c_contiguous,a.tobytes().hex())", path);
        Assert.Equal(0, code);
        Assert.Equal($"memmap <f2 (2, 3) True {Convert.ToHexStringLower(HalfNpy.Bytes(values))}", output.Trim());
    }

    private static (int Rows, int Width, float[] Values) Load(string name)
    {
        var vector = Vectors.GetProperty(name);
        return (vector.GetProperty("rows").GetInt32(), vector.GetProperty("width").GetInt32(), [.. vector.GetProperty("bits").EnumerateArray().Select(b => BitConverter.UInt32BitsToSingle(b.GetUInt32()))]);
    }

    private static (int Code, string Output) Run(string file, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + error.Result);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, e.Message);
        }
    }
}
