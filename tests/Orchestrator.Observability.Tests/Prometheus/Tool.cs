using System.Diagnostics;

namespace Orchestrator.Observability.Tests.Prometheus;

/// <summary>Programs of Debian's package prometheus.</summary>
internal static class Tool
{
    public const string Missing = "Prometheus is not here; install it with: sudo apt-get install prometheus";

    /// <summary>Path of a program; skips the calling test where it is not installed.</summary>
    public static string Find(string name)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append("/usr/bin").Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, Missing);
        return path!;
    }

    /// <summary>Runs promtool and expects success; its output is the message of a failure.</summary>
    public static async Task PromtoolAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Find("promtool"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"promtool {string.Join(' ', arguments)}:\n{await output}{await error}");
    }
}
