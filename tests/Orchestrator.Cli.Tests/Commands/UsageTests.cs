namespace Orchestrator.Cli.Tests.Commands;

/// <summary>What needs no server.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData(ExitCodes.Usage)]
    [InlineData(ExitCodes.Usage, "lst")]
    [InlineData(ExitCodes.Usage, "show")]
    [InlineData(ExitCodes.Usage, "list", "--limit", "many")]
    [InlineData(ExitCodes.Usage, "list", "--no-such-option")]
    [InlineData(ExitCodes.Usage, "list", "--server", "not an address")]
    [InlineData(ExitCodes.Usage, "submit", "no-such-file.yaml")]
    [InlineData(ExitCodes.Usage, "report", "cur-000000000000")]
    [InlineData(ExitCodes.Unreachable, "list", "--server", "http://127.0.0.1:9")]
    [InlineData(ExitCodes.Unreachable, "watch", "cur-000000000000", "--server", "http://127.0.0.1:9")]
    [InlineData(ExitCodes.Done, "--help")]
    [InlineData(ExitCodes.Done, "submit", "--help")]
    public async Task ExitCode(int expected, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        var code = await CommandLine.RunAsync(args, new Streams(output, error, IsTerminal: false), default);

        Assert.Equal(expected, code);
        Assert.Equal(expected == ExitCodes.Done, error.ToString().Length == 0);
    }

    [Fact]
    public async Task Help_ListsEveryVerbOfTheContract()
    {
        using var output = new StringWriter();

        await CommandLine.RunAsync(["--help"], new Streams(output, TextWriter.Null, IsTerminal: false), default);

        foreach (var verb in "demo dev submit plan list show watch result cancel pause resume retry workers models report key".Split(' '))
        {
            Assert.Matches($@"(?m)^  {verb}\b", output.ToString());
        }
    }
}
