using System.Text.Json;
using Orchestrator.Data.Storage;

namespace Orchestrator.Data.Tests.Storage;

public sealed class ShardPatternsTests : IDisposable
{
    private static readonly JsonElement Braces = JsonDocument.Parse(Vector.Bytes("braces.json")).RootElement;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Patterns() => [.. Braces.EnumerateObject().Select(p => p.Name)];

    [Theory, MemberData(nameof(Patterns))]
    public void Braces_ExpandAsInBraceexpand(string pattern)
    {
        var expanded = BraceExpansion.Expand(pattern, 1000, out var problem);

        Assert.Null(problem);
        Assert.Equal(Braces.GetProperty(pattern).EnumerateArray().Select(e => e.GetString()), expanded);
    }

    [Theory]
    [InlineData("{a,b", "never closed")]
    [InlineData("a}b", "closes no brace")]
    [InlineData("{a,{b,c}", "never closed")]
    [InlineData("{}", "neither a list")]
    [InlineData("{abc}.tar", "neither a list")]
    [InlineData("{0..x}", "neither a list")]
    [InlineData("{0..9..0}", "step")]
    [InlineData("{0..1000000000000}", "more than")]
    [InlineData("{0..99}{0..99}{0..99}", "more than")]
    [InlineData("{{0..600},{0..600}}", "more than")]
    [InlineData("{0..99999999999999999999}", "neither a list")]
    public void Expand_MalformedOrHugeBraces_AreRefused(string pattern, string problem)
    {
        var (files, faults) = Expand([pattern], limit: 1000);

        Assert.Empty(files);
        var fault = Assert.Single(faults);
        Assert.Contains(problem, fault.Problem);
        Assert.Equal((pattern, "input.shards[0]"), (fault.Subject, fault.Field));
    }

    [Fact]
    public void Expand_DeepNesting_IsRefused() =>
        Assert.Contains("deep", Assert.Single(Expand([new string('{', 5000) + "a,b" + new string('}', 5000)]).Faults).Problem);

    [Fact]
    public void Expand_BracesAndPlainPaths_NeedNotExist()
    {
        var (files, faults) = Expand(["p/{1..0}.tar", "a.tar"]);

        Assert.Empty(faults);
        Assert.Equal(["a.tar", "p/0.tar", "p/1.tar"], files.Select(f => f.Name));
        Assert.Equal(_folder.File("p/0.tar"), files[1].Path);
    }

    [Theory]
    [InlineData("pool/*.tar", "pool/0.tar pool/1.tar pool/10.tar")]
    [InlineData("pool/?.tar", "pool/0.tar pool/1.tar")]
    [InlineData("**/*.tar", "a.tar pool/0.tar pool/1.tar pool/10.tar pool/sub/deep/2.tar")]
    [InlineData("**", "a.tar notes.txt pool/0.tar pool/1.tar pool/10.tar pool/sub/deep/2.tar")]
    [InlineData("pool/**/deep/*", "pool/sub/deep/2.tar")]
    [InlineData("{pool/1,./a}*.tar", "./a.tar pool/1.tar pool/10.tar")]
    [InlineData("*/.hidden*", "pool/.hidden.tar")]
    public void Expand_Globs_MatchFiles(string pattern, string expected)
    {
        Put();
        var (files, faults) = Expand([pattern]);

        Assert.Empty(faults);
        Assert.Equal(expected.Split(' '), files.Select(f => f.Name));
    }

    [Fact]
    public void Expand_FileNamedTwice_IsListedOnce()
    {
        Put();

        Assert.Equal(["a.tar"], Expand(["a.tar", "*.tar", "./a.tar", "a.tar"]).Files.Where(f => f.Name.EndsWith("a.tar")).Select(f => Path.GetFileName(f.Path)));
    }

    [Fact]
    public void Expand_SeveralWrongPatterns_ReportsEachWithItsIndex()
    {
        Put();
        var faults = Expand(["*.tar", "none/*.tar", "{", "../x.tar", "*.nothing"]).Faults;

        Assert.Equal([1, 2, 3, 4], faults.Select(f => int.Parse(f.Field!["input.shards[".Length..^1])));
    }

    [Fact]
    public void Expand_NoPatterns_IsAFault() => Assert.Single(Expand([]).Faults);

    [Fact]
    public void Expand_GlobOverALinkThatLeavesTheRoots_IsRefused()
    {
        using var outside = new TemporaryFolder();
        outside.Put("0.tar");
        Directory.CreateSymbolicLink(_folder.File("link"), outside.Path);

        Assert.Contains("symbolic link", Assert.Single(Expand(["*/*.tar"]).Faults).Problem);
        Assert.Contains("No file", Assert.Single(Expand(["**/*.tar"]).Faults).Problem);
    }

    [Fact]
    public void Expand_MoreFilesThanTheLimit_IsRefused()
    {
        Put();

        Assert.Contains("more than", Assert.Single(Expand(["**"], limit: 3).Faults).Problem);
    }

    private (IReadOnlyList<ShardFile> Files, IReadOnlyList<DataFault> Faults) Expand(string[] patterns, int limit = ShardPatterns.DefaultLimit) =>
        ShardPatterns.Expand(patterns, new AllowedRoots([_folder.Path]), "input.shards", _folder.Path, limit);

    private void Put()
    {
        foreach (var name in (string[])["a.tar", "notes.txt", ".x.tar", "pool/0.tar", "pool/1.tar", "pool/10.tar", "pool/.hidden.tar", "pool/sub/deep/2.tar", ".git/3.tar"])
        {
            _folder.Put(name);
        }
    }
}
