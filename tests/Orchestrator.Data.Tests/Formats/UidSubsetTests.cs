using System.Text;
using Orchestrator.Data.Formats;

namespace Orchestrator.Data.Tests.Formats;

public sealed class UidSubsetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Contains_FileOfNumpy_KnowsItsUidsAndNoOthers()
    {
        using var subset = UidSubset.Open(Vector.PathOf("sample_ids.npy"), "sample_ids.npy").Value;
        using var stream = new MemoryStream(Vector.Bytes("sample_ids.npy"));
        var uids = SampleIdsNpy.Read(stream, "v").ToHashSet();
        Assert.NotEmpty(uids);
        Assert.All(uids, uid => Assert.True(subset.Contains(uid)));
        foreach (var uid in uids)
        {
            SampleUid[] neighbours = [uid with { Low = uid.Low + 1 }, uid with { Low = uid.Low - 1 }, uid with { High = uid.High + 1 }];
            Assert.All(neighbours, n => Assert.Equal(uids.Contains(n), subset.Contains(n)));
        }
    }

    [Fact]
    public void Contains_Empty_KnowsNone()
    {
        using var subset = UidSubset.Open(Put([]), "ids.npy").Value;
        Assert.Equal(0, subset.Count);
        Assert.False(subset.Contains(default));
    }

    [Fact]
    public void Open_NotSorted_NamesTheRecordAndTheRemedy()
    {
        // Three records are swapped past the writer, which refuses them.
        var bytes = File.ReadAllBytes(Put([new(1, 1), new(1, 2), new(2, 0)]));
        bytes.AsSpan(128 + 32, 16).ToArray().CopyTo(bytes, 128);
        var fault = UidSubset.Open(_folder.Put("swapped.npy", bytes), "pool/swapped.npy").Fault!;
        Assert.Equal(("pool/swapped.npy", "input.subset"), (fault.Subject, fault.Field));
        Assert.Contains("number 1", fault.Problem, StringComparison.Ordinal);
        Assert.Contains("np.sort", fault.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{'descr': '<u8', 'fortran_order': False, 'shape': (0,), }", "not a one-dimensional")]
    [InlineData("{'descr': [('f0', '<u4'), ('f1', '<u4')], 'fortran_order': False, 'shape': (0,), }", "not a one-dimensional")]
    [InlineData("{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': True, 'shape': (0,), }", "not a one-dimensional")]
    [InlineData("{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': False, 'shape': (0, 2), }", "not a one-dimensional")]
    [InlineData("{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': False, 'shape': (9,), }", "announces 9 ids")]
    public void Open_AnotherArray_SaysWhatItIs(string header, string problem)
    {
        byte[] bytes = [0x93, .. "NUMPY\x01\x00"u8, 118, 0, .. Encoding.ASCII.GetBytes(header.PadRight(117) + "\n")];
        var fault = UidSubset.Open(_folder.Put("a.npy", bytes), "a.npy").Fault!;
        Assert.Equal("input.subset", fault.Field);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        Assert.Contains("u8,u8", fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_CutShortOrMissing_IsAFault()
    {
        var whole = File.ReadAllBytes(Put([new(1, 1), new(1, 2)]));
        Assert.False(UidSubset.Open(_folder.Put("cut.npy", whole[..^3]), "cut.npy").Ok);
        Assert.False(UidSubset.Open(_folder.Put("empty.npy"), "empty.npy").Ok);
        Assert.Contains("no such file", UidSubset.Open(_folder.File("none.npy"), "none.npy").Fault!.Problem, StringComparison.Ordinal);
    }

    private string Put(SampleUid[] uids)
    {
        using var stream = new MemoryStream();
        Assert.Null(SampleIdsNpy.Write(stream, uids.Length, uids));
        return _folder.Put("ids.npy", stream.ToArray());
    }
}
