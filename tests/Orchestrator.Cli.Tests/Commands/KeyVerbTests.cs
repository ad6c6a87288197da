using System.Text.Json;
using Orchestrator.Api.Auth;

namespace Orchestrator.Cli.Tests.Commands;

public sealed class KeyVerbTests
{
    [Fact]
    public async Task New_PrintsAKeyAndItsHash()
    {
        var lines = (await RunAsync("key", "new")).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(2, lines.Length);
        Assert.Equal($"hash  {KeyRing.Hash(lines[0]["key   ".Length..])}", lines[1]);

        var json = JsonElement.Parse(await RunAsync("key", "new", "--json"));
        Assert.Equal(KeyRing.Hash(json.GetProperty("key").GetString()!), json.GetProperty("hash").GetString());
    }

    private static async Task<string> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        Assert.Equal(ExitCodes.Done, await CommandLine.RunAsync(args, new Streams(output, TextWriter.Null, IsTerminal: false), default));
        return output.ToString();
    }
}
