using Orchestrator.Data.Storage;

namespace Orchestrator.Data.Tests.Storage;

public sealed class AllowedRootsTests : IDisposable
{
    private readonly TemporaryFolder _inside = new();
    private readonly TemporaryFolder _outside = new();
    private readonly AllowedRoots _roots;

    public AllowedRootsTests() => _roots = new AllowedRoots([_inside.Path]);

    public void Dispose()
    {
        _inside.Dispose();
        _outside.Dispose();
    }

    [Theory]
    [InlineData("a.tar")]
    [InlineData("sub/not-there-yet/a.tar")]
    [InlineData("sub/../a.tar")]
    [InlineData(".")]
    public void Resolve_PathUnderARoot_IsAccepted(string path)
    {
        var resolved = _roots.Resolve(path, "input.shards[0]", _inside.Path);

        Assert.Equal(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, _inside.Path)), Path.TrimEndingDirectorySeparator(resolved.Value));
    }

    [Theory]
    [InlineData("../a.tar")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/../../a.tar")]
    public void Resolve_PathOutside_IsRefusedWithFieldPathAndRemedy(string path)
    {
        var fault = _roots.Resolve(path, "output.path", _inside.Path).Fault;

        Assert.Equal((path, "output.path"), (fault?.Subject, fault?.Field));
        Assert.Contains("Storage:AllowedRoots", fault?.Problem);
        Assert.Contains(_inside.Path, fault?.Remedy);
    }

    [Fact]
    public void Resolve_FolderWhoseNameBeginsLikeARoot_IsRefused() =>
        Assert.False(_roots.Resolve(_inside.Path + "-other/a.tar", "f").Ok);

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("s3://bucket/a.tar")]
    [InlineData("file:///etc/passwd")]
    public void Resolve_WhatIsNoLocalPath_IsRefused(string path) => Assert.False(_roots.Resolve(path, "f", _inside.Path).Ok);

    [Fact]
    public void Resolve_NoRoots_RefusesEverythingAndSaysWhy() =>
        Assert.Contains("empty", new AllowedRoots([]).Resolve(_inside.Path, "f").Fault?.Remedy);

    [Fact]
    public void Resolve_LinkOut_IsRefused()
    {
        Directory.CreateSymbolicLink(_inside.File("link"), _outside.Path);
        File.CreateSymbolicLink(_inside.File("a.tar"), _outside.File("a.tar"));

        foreach (var path in (string[])["link/a.tar", "link", "a.tar", "link/../link/a.tar"])
        {
            Assert.Contains("symbolic link", _roots.Resolve(path, "f", _inside.Path).Fault?.Problem);
        }
    }

    [Fact]
    public void Resolve_ChainOfLinksThatEndsOutside_IsRefused()
    {
        Directory.CreateSymbolicLink(_inside.File("second"), _outside.Path);
        Directory.CreateDirectory(_inside.File("d"));
        Directory.CreateSymbolicLink(_inside.File("d/first"), "../second");

        Assert.False(_roots.Resolve("d/first/a.tar", "f", _inside.Path).Ok);
    }

    [Fact]
    public void Resolve_LinkThatStaysInside_IsFollowed()
    {
        var real = _inside.Put("real/a.tar");
        Directory.CreateSymbolicLink(_inside.File("link"), "real");
        File.CreateSymbolicLink(_inside.File("b.tar"), _inside.File("link/a.tar"));

        Assert.Equal(real, _roots.Resolve("b.tar", "f", _inside.Path).Value);
    }

    [Fact]
    public void Resolve_LinksInACircle_AreRefused()
    {
        File.CreateSymbolicLink(_inside.File("a"), _inside.File("b"));
        File.CreateSymbolicLink(_inside.File("b"), _inside.File("a"));

        Assert.Contains("follow one another", _roots.Resolve("a", "f", _inside.Path).Fault?.Problem);
    }

    [Fact]
    public void Resolve_RootThatIsItselfALink_IsAllowedThrough()
    {
        Directory.CreateSymbolicLink(_outside.File("pool"), _inside.Path);
        var real = _inside.Put("a.tar");
        var roots = new AllowedRoots([_outside.File("pool")]);

        Assert.Equal(real, roots.Resolve(_outside.File("pool/a.tar"), "f").Value);
        Assert.Equal(real, roots.Resolve(real, "f").Value);
        Assert.False(roots.Resolve(_outside.File("b.tar"), "f").Ok);
    }
}
