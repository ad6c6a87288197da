using System.Text.RegularExpressions;

namespace Orchestrator.Architecture.Tests;

/// <summary>Rules that hold for the text of the sources.</summary>
public sealed partial class SourceTests
{
    private const int LongestFile = 400;
    private const int Screen = 60;

    /// <summary>Files longer than the rule allows, each with the length it may have and why it is one piece.</summary>
    private static readonly Dictionary<string, int> LongFiles = [];

    [Fact]
    public void SourceFiles_AreShort()
    {
        var tooLong = Repository.Sources("src").Select(file => (File: file, Repository.Lines(file).Length))
            .Where(source => source.Length > LongFiles.GetValueOrDefault(source.File, LongestFile));
        Assert.Empty(tooLong);
    }

    [Fact]
    public void ExceptionsForLongFiles_AreStillNeeded() =>
        Assert.All(LongFiles.Keys, file => Assert.True(
            Repository.Files.Contains(file) && Repository.Lines(file).Length > LongestFile, $"{file} needs no exception any more."));

    [Fact]
    public void EntryPoints_FitAScreen()
    {
        var entries = Repository.Files.Where(file => Path.GetFileName(file) is "Program.cs" or "AppHost.cs").ToArray();
        Assert.Contains("src/Orchestrator.Worker/Program.cs", entries);
        Assert.All(entries, file => Assert.True(Repository.Lines(file).Length <= Screen, $"{file} is longer than {Screen} lines."));
    }

    /// <summary>Time is an argument (<c>TimeProvider</c>), and a blocked pool thread stops Orleans.</summary>
    [Fact]
    public void Sources_ReadNoClockAndBlockNoThread() => Assert.Empty(Matches(Repository.Sources("src"), ForbiddenApi()));

    /// <summary>A grain's continuation must stay on its scheduler.</summary>
    [Fact]
    public void Grains_NeverLeaveTheirScheduler() =>
        Assert.Empty(Matches(Repository.Sources("src/Orchestrator.Grains"), LeavesTheGrain()));

    [Fact]
    public void Sources_HoldNothingUnfinished() =>
        Assert.Empty(Matches([.. Repository.Sources("src"), .. Repository.Sources("ServiceDefaults"), .. Repository.Sources("AppHost")], Unfinished()));

    [Theory]
    [InlineData("var now = DateTime.UtcNow;")]
    [InlineData("var now = DateTimeOffset.Now;")]
    [InlineData("Thread.Sleep(5);")]
    public void ForbiddenApi_IsRecognised(string line) => Assert.Matches(ForbiddenApi(), line);

    private static IEnumerable<string> Matches(IEnumerable<string> files, Regex rule) =>
        from file in files
        from line in Repository.Lines(file).Select((text, index) => (Text: text, Number: index + 1))
        where rule.IsMatch(line.Text)
        select $"{file}:{line.Number}: {line.Text.Trim()}";

    [GeneratedRegex(@"\bDateTime(Offset)?\.(UtcNow|Now|Today)\b|\bThread\.Sleep\b")]
    private static partial Regex ForbiddenApi();

    [GeneratedRegex(@"\.ConfigureAwait\(\s*false|\bTask\.Run\b|\.GetAwaiter\(\)\.GetResult\(\)")]
    private static partial Regex LeavesTheGrain();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX|NotImplementedException)\b")]
    private static partial Regex Unfinished();
}
