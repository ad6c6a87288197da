using System.Text.RegularExpressions;

namespace Orchestrator.Architecture.Tests;

/// <summary>Nothing in the repository may name a folder of the machine it was written on: it would be true there only.</summary>
public sealed partial class MachinePathTests
{
    [Fact]
    public void Files_NameNoFolderOfOneMachine()
    {
        var found =
            from file in Repository.Files
            where !IsBinary(file)
            from line in Repository.Lines(file).Select((text, index) => (Text: text, Number: index + 1))
            let match = MachinePath().Match(line.Text)
            where match.Success
            select $"{file}:{line.Number}: {match.Value}";
        Assert.Empty(found);
    }

    [Theory]
    [InlineData("cd ", "/ro", "ot/project")]
    [InlineData("path: \"", "/wo", "rk/main\"")]
    [InlineData("", "/ho", "me/anna/models")]
    [InlineData("\"C:\\", "Us", "ers\\anna\"")]
    public void MachinePath_IsRecognised(string before, string start, string rest) => Assert.Matches(MachinePath(), before + start + rest);

    [Theory]
    [InlineData("https://example.org/work/item")]
    [InlineData("out/work/0.tar")]
    [InlineData("{job}/work/{index}")]
    [InlineData("/var/lib/postgresql")]
    public void OtherPath_IsNot(string text) => Assert.DoesNotMatch(MachinePath(), text);

    private static bool IsBinary(string file)
    {
        using var stream = File.OpenRead(Path.Combine(Repository.Root, file));
        var head = new byte[8192];
        return head.AsSpan(0, stream.Read(head)).Contains((byte)0);
    }

    [GeneratedRegex(@"(?<![\w.}\])-])/(root|work|farm|home/[a-z]+)/|/tmp/(wt|bash_jobs)\b|\b[A-Z]:\\{1,2}Users\\", RegexOptions.CultureInvariant)]
    private static partial Regex MachinePath();
}
