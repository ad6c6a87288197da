using Orchestrator.Data.Storage;
using Orchestrator.Data.WebDataset;

namespace Orchestrator.Data.Tests.Storage;

public sealed class LocalStorageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AtomicFile_BeforeCommit_IsNotThereAndAfterIs()
    {
        var path = _folder.File("sub/a.txt");
        using (var file = AtomicFile.Create(path))
        {
            file.Stream.Write("hello"u8);
            Assert.False(File.Exists(path));

            Assert.Equal(FileDigest.Of("hello"u8), file.Commit());
        }

        Assert.Equal("hello", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.File("sub")));
        Assert.Equal(FileDigest.OfFile(path), FileDigest.Of("hello"u8));
    }

    [Fact]
    public void AtomicFile_WithoutCommit_LeavesTheOldFileAndNothingElse()
    {
        var path = _folder.Put("a.txt", "old"u8.ToArray());
        using (var file = AtomicFile.Create(path))
        {
            file.Stream.Write("new"u8);
        }

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void AtomicFile_TwoWriters_LastCommitWins()
    {
        var path = _folder.File("a.txt");
        using var first = AtomicFile.Create(path);
        using var second = AtomicFile.Create(path);
        second.Stream.Write("second"u8);
        first.Stream.Write("first"u8);
        second.Commit();
        first.Commit();

        Assert.Equal("first", File.ReadAllText(path));
    }

    [Fact]
    public void AtomicFile_UnderAShardWriter_HasTheSameDigest()
    {
        using var file = AtomicFile.Create(_folder.File("0.tar"));
        using var writer = new TarShardWriter(file.Stream);
        Assert.Null(writer.WriteMembers("a", [new SampleMember("txt", "any", "x"u8.ToArray())]));
        var summary = writer.Finish();

        Assert.Equal(new FileDigest(summary.Bytes, summary.Sha256), file.Commit());
        Assert.Equal(FileDigest.OfFile(_folder.File("0.tar")).Sha256, summary.Sha256);
    }

    [Fact]
    public void Digest_OfAbc_IsThePublishedOne() =>
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", FileDigest.Of("abc"u8).Sha256);

    [Fact]
    public void AttemptFolder_OfAnotherAttempt_IsAnotherFolder()
    {
        var first = AttemptFolder.Create(_folder.Path, "score", 7, 1);
        File.WriteAllText(first.File("part"), "1");
        var second = AttemptFolder.Create(_folder.Path, "score", 7, 2);

        Assert.Empty(Directory.GetFileSystemEntries(second.Path));
        Assert.Equal("1", File.ReadAllText(Path.Combine(AttemptFolder.PathOf(_folder.Path, "score", 7, 1), "part")));
        Assert.Empty(Directory.GetFileSystemEntries(AttemptFolder.Create(_folder.Path, "score", 7, 1).Path));
        second.Discard();
        second.Discard();
        Assert.False(Directory.Exists(second.Path));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("")]
    public void AttemptFolder_PhaseThatIsNoName_Throws(string phase) =>
        Assert.Throws<ArgumentException>(() => AttemptFolder.Create(_folder.Path, phase, 0, 1));

    [Theory]
    [InlineData("report/index.html", true)]
    [InlineData("a..b/c", true)]
    [InlineData("../x", false)]
    [InlineData("a/../../x", false)]
    [InlineData("/x", false)]
    [InlineData("a\\b", false)]
    [InlineData("c:/x", false)]
    [InlineData("", false)]
    [InlineData("a\u0000b", false)]
    public void SafeRelativePath_StaysInItsFolder(string path, bool safe) =>
        Assert.Equal(safe, SafeRelativePath.Join(_folder.Path, path, "path").Ok);
}
