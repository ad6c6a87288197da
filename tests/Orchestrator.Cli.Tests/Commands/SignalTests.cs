using System.Diagnostics;
using Orchestrator.Cli.Tests.Testing;

namespace Orchestrator.Cli.Tests.Commands;

/// <summary>Ctrl-C as the operating system sends it, to the program as a process of its own.</summary>
public sealed class SignalTests(CliServer server) : IClassFixture<CliServer>
{
    [Fact]
    public async Task SubmitWait_Sigint_CancelsTheJobAndExits130()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no SIGINT to send to a process.");
        }

        using (var http = new HttpClient { BaseAddress = new Uri(server.Address) })
        {
            // Nobody takes the job up, so it is there to be interrupted.
            (await http.PostAsync("api/v1/workers/worker-a/cordon", null)).EnsureSuccessStatusCode();
        }

        using var program = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "orchestrator.dll"), "submit", server.Document("pool/00000000.tar"), "--wait", "--server", server.Address])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var submitted = await program.StandardError.ReadLineAsync();
        var id = submitted!.Split(' ')[1].TrimEnd('.');
        Assert.StartsWith(id, await program.StandardError.ReadLineAsync(), StringComparison.Ordinal);

        using (var kill = Process.Start("kill", ["-INT", program.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        var rest = await program.StandardError.ReadToEndAsync();
        await program.WaitForExitAsync();
        Assert.True(program.ExitCode == ExitCodes.Interrupted, $"{program.ExitCode}: {rest}");
        Assert.Equal("cancelled", (await server.RunAsync("show", id, "--json")).Json.GetProperty("state").GetString());
    }
}
