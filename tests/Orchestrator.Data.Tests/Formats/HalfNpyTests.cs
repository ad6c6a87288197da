using Orchestrator.Data.Formats;

namespace Orchestrator.Data.Tests.Formats;

public sealed class HalfNpyTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Header_OfAShape_IsTheOneNumPyWrites()
    {
        // numpy.lib.format.header_data_from_array_1_0 of np.zeros((3, 512), "<f2"), as np.save writes it.
        const string Written = "{'descr': '<f2', 'fortran_order': False, 'shape': (3, 512), }";
        var header = HalfNpy.Header(3, 512);
        Assert.Equal(128, header.Length);
        Assert.Equal([0x93, .. "NUMPY"u8, 1, 0, 118, 0], header[..10]);
        Assert.Equal(Written.PadRight(117) + "\n", System.Text.Encoding.ASCII.GetString(header, 10, 118));
    }

    [Fact]
    public void Open_WrittenRows_ReadsThemBack()
    {
        Half[] values = [(Half)1.5f, (Half)(-0.25f), Half.NaN, (Half)65504f, (Half)6e-8f, (Half)0f];
        File.WriteAllBytes(_path, [.. HalfNpy.Header(2, 3), .. HalfNpy.Bytes(values).ToArray()]);
        using var reader = HalfNpy.Open(_path).Value;
        var row = new Half[3];
        reader.Read(row);
        Assert.Equal(values[..3], row);
        reader.Read(row);
        Assert.Equal(values[3..], row);
        Assert.Equal((2, 3), (reader.Rows, reader.Dimension));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u0093NUMPY\u0001\u0000")]
    [InlineData("not an array at all, just a line of text that is long enough")]
    public void Open_SomethingElse_IsAFault(string content)
    {
        File.WriteAllBytes(_path, System.Text.Encoding.Latin1.GetBytes(content));
        Assert.Contains("float16", HalfNpy.Open(_path).Fault!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ALostRow_IsAFault()
    {
        File.WriteAllBytes(_path, [.. HalfNpy.Header(2, 3), .. new byte[6]]);
        Assert.False(HalfNpy.Open(_path).Ok);
        Assert.False(HalfNpy.Open(_path + ".none").Ok);
    }
}
