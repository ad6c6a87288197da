using System.Diagnostics;

namespace Orchestrator.Bench.Preprocessing;

/// <summary>pillow_speed.py, run by the interpreter that PYTHON names (default: the system's).</summary>
internal static class PillowScript
{
    /// <returns>What the script printed.</returns>
    /// <exception cref="InvalidOperationException">It failed: Pillow or NumPy is missing.</exception>
    public static string Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("PYTHON") ?? "/usr/bin/python3") { RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "pillow_speed.py"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"pillow_speed.py ended with {process.ExitCode}: it needs Pillow and NumPy");
    }
}
