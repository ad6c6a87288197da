using Orchestrator.Cli.Tests.Testing;

namespace Orchestrator.Cli.Tests.Commands;

/// <summary>Verbs against a real embedded server with a real worker.</summary>
public sealed class VerbTests(CliServer server) : IClassFixture<CliServer>
{
    private const string Pool = "pool/{00000000..00000001}.tar";

    [Fact]
    public async Task Submit_Wait_DoneWithResult()
    {
        var ran = await server.RunAsync("submit", server.Document(Pool), "--wait", "--json");

        Assert.True(ran.Code == ExitCodes.Done, ran.Error);
        Assert.Equal("succeeded", ran.Json.GetProperty("state").GetString());
        Assert.Equal(12, ran.Json.GetProperty("counts").GetProperty("read").GetInt64());
        Assert.True(ran.Json.GetProperty("counts").GetProperty("balanced").GetBoolean());
        Assert.Contains("score finished 2/2", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", ran.Out + ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_OneShardBroken_FinishedWithFailures()
    {
        var ran = await server.RunAsync("submit", server.Document(Pool, "broken.tar"), "--wait");

        Assert.True(ran.Code == ExitCodes.FinishedWithFailures, ran.Out + ran.Error);
        Assert.Contains("broken.tar", ran.Out, StringComparison.Ordinal);
        Assert.Contains("adds up", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_InputGoneSinceSubmission_JobFailed()
    {
        var copy = Path.Combine(server.Folder, "gone.tar");
        File.Copy(Path.Combine(server.Folder, "pool", "00000000.tar"), copy);
        await HoldAsync();
        var id = (await server.RunAsync("submit", server.Document("gone.tar"))).Out.Trim();
        File.Delete(copy);
        await ReleaseAsync();

        var ran = await server.RunAsync("watch", id);

        Assert.True(ran.Code == ExitCodes.JobFailed, ran.Out + ran.Error);
        Assert.Contains("gone.tar", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_InvalidDocument_UsageWithEveryMistake()
    {
        var ran = await server.RunAsync("submit", server.Document("nowhere.tar"), "--set", "stages.0.minWords=-1", "--set", "output.path=../x");

        Assert.Equal(ExitCodes.Usage, ran.Code);
        foreach (var path in new[] { "$.input.shards[0]", "$.stages[0].minWords", "$.output.path" })
        {
            Assert.Contains(path, ran.Error, StringComparison.Ordinal);
        }

        Assert.Empty(ran.Out);
    }

    [Fact]
    public async Task Submit_Set_ChangesWhatIsSent()
    {
        var id = (await server.RunAsync("submit", server.Document(Pool), "--set", "name=renamed", "--json")).Json.GetProperty("id").GetString()!;

        Assert.Equal(ExitCodes.Done, (await server.RunAsync("watch", id)).Code);
        var shown = await server.RunAsync("show", id, "--json");
        var listed = await server.RunAsync("list", "--json");
        Assert.Equal("renamed", shown.Json.GetProperty("name").GetString());
        Assert.Contains(listed.Json.GetProperty("items").EnumerateArray(), j => j.GetProperty("id").GetString() == id);
    }

    [Fact]
    public async Task Plan_CountsAndRunsNothing()
    {
        var ran = await server.RunAsync("plan", server.Document(Pool), "--json");

        Assert.Equal(ExitCodes.Done, ran.Code);
        Assert.Equal(2, ran.Json.GetProperty("shards").GetInt32());
        Assert.False(Directory.Exists(ran.Json.GetProperty("output").GetString()));
        Assert.Equal(ExitCodes.Usage, (await server.RunAsync("plan", server.Document("nowhere.tar"))).Code);
    }

    [Fact]
    public async Task Workers_Json_IsAList()
    {
        var ran = await server.RunAsync("workers", "--json");

        Assert.Equal("worker-a", Assert.Single(ran.Json.EnumerateArray()).GetProperty("id").GetString());
    }

    [Fact]
    public async Task Commands_OnAHeldJob_FollowItsState()
    {
        var id = await SubmitHeldAsync();

        Assert.Contains("paused", (await server.RunAsync("pause", id)).Out, StringComparison.Ordinal);
        Assert.Contains("running", (await server.RunAsync("resume", id)).Out, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await server.RunAsync("retry", id)).Code);
        Assert.Equal(ExitCodes.Done, (await server.RunAsync("result", id)).Code);
        Assert.Equal(ExitCodes.Done, (await server.RunAsync("cancel", id)).Code);
        Assert.Equal(ExitCodes.JobFailed, (await server.RunAsync("watch", id)).Code);
        await ReleaseAsync();
    }

    [Fact]
    public async Task Watch_Interrupted_LeavesTheJobAndSaysHowToGoOn()
    {
        var id = await SubmitHeldAsync();
        using var interrupt = new CancellationTokenSource();

        var ran = await server.RunAsync(interrupt.Token, line => interrupt.CancelIf(line.StartsWith(id, StringComparison.Ordinal)), "watch", id);

        Assert.Equal(ExitCodes.Interrupted, ran.Code);
        Assert.Contains($"orchestrator watch {id}", ran.Error, StringComparison.Ordinal);
        Assert.NotEqual("cancelled", (await server.RunAsync("show", id, "--json")).Json.GetProperty("state").GetString());
        await server.RunAsync("cancel", id);
        await ReleaseAsync();
    }

    [Fact]
    public async Task SubmitWait_Interrupted_CancelsTheJob()
    {
        await HoldAsync();
        using var interrupt = new CancellationTokenSource();

        var ran = await server.RunAsync(
            interrupt.Token, line => interrupt.CancelIf(line.StartsWith("cur-", StringComparison.Ordinal)), "submit", server.Document(Pool), "--wait");

        Assert.Equal(ExitCodes.Interrupted, ran.Code);
        var id = ran.Error.Split('\n')[0].Split(' ')[1].TrimEnd('.', '\r');
        Assert.Equal("cancelled", (await server.RunAsync("show", id, "--json")).Json.GetProperty("state").GetString());
        await ReleaseAsync();
    }

    [Fact]
    public async Task UnknownJob_Usage()
    {
        foreach (var verb in new[] { "show", "watch", "result", "cancel", "pause", "resume", "retry" })
        {
            var ran = await server.RunAsync(verb, "cur-000000000000");

            Assert.Equal(ExitCodes.Usage, ran.Code);
            Assert.Contains("cur-000000000000", ran.Error, StringComparison.Ordinal);
        }
    }

    private async Task<string> SubmitHeldAsync()
    {
        await HoldAsync();
        return (await server.RunAsync("submit", server.Document(Pool))).Out.Trim();
    }

    private Task HoldAsync() => PostAsync("cordon");

    private Task ReleaseAsync() => PostAsync("uncordon");

    private async Task PostAsync(string verb)
    {
        using var http = new HttpClient { BaseAddress = new Uri(server.Address) };
        (await http.PostAsync($"api/v1/workers/worker-a/{verb}", null)).EnsureSuccessStatusCode();
    }
}

internal static class Interrupts
{
    public static void CancelIf(this CancellationTokenSource source, bool condition)
    {
        if (condition)
        {
            source.Cancel();
        }
    }
}
