using System.Text.RegularExpressions;

namespace Orchestrator.Architecture.Tests;

public sealed partial class SolutionTests
{
    [Fact]
    public void Solution_ListsEveryProjectOnce()
    {
        var listed = Entries().Select(entry => entry.Path).ToArray();
        Assert.Equal(Repository.Projects.Select(project => project.Path).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    /// <summary>Where Aspire's SDK cannot be resolved, building AppHost would turn every bare <c>dotnet build</c> and <c>dotnet test</c> red.</summary>
    [Fact]
    public void AppHost_IsListedAndNotBuilt()
    {
        var host = Entries().Single(entry => entry.Path == "AppHost/AppHost.csproj").Id;
        Assert.Contains($"{host}.Debug|Any CPU.ActiveCfg", Repository.Solution, StringComparison.Ordinal);
        Assert.Contains($"{host}.Release|Any CPU.ActiveCfg", Repository.Solution, StringComparison.Ordinal);
        Assert.DoesNotMatch($@"{Regex.Escape(host)}\.[^=]*\.Build\.0", Repository.Solution);
    }

    [Fact]
    public void EveryOtherProject_IsBuiltInBothConfigurations()
    {
        foreach (var (path, id) in Entries().Where(entry => entry.Path != "AppHost/AppHost.csproj"))
        {
            Assert.True(Repository.Solution.Contains($"{id}.Debug|Any CPU.Build.0", StringComparison.Ordinal), path);
            Assert.True(Repository.Solution.Contains($"{id}.Release|Any CPU.Build.0", StringComparison.Ordinal), path);
        }
    }

    [Fact]
    public void VersionsOfPackages_StandInOnePlace()
    {
        var own = Repository.Projects.Where(project =>
            File.ReadAllText(Path.Combine(Repository.Root, project.Path)) is var text
            && PackageWithVersion().IsMatch(text));
        Assert.Empty(own.Select(project => project.Path));
    }

    private static IEnumerable<(string Path, string Id)> Entries() =>
        Entry().Matches(Repository.Solution).Select(match => (match.Groups["path"].Value.Replace('\\', '/'), match.Groups["id"].Value));

    [GeneratedRegex("""^Project\("[^"]+"\) = "[^"]+", "(?<path>[^"]+\.csproj)", "(?<id>\{[^"]+\})" *\r?$""", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex("""<PackageReference [^>]*\bVersion=""")]
    private static partial Regex PackageWithVersion();
}
