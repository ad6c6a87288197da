using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Bench.WholeJob;

/// <summary>What a peer measured of itself; see <c>peers/</c>.</summary>
internal sealed record PeerRun(int Pairs, double Seconds, double Processor, double Mean, string Versions);

/// <summary>The same CLIP scoring of the same shards by others: PyTorch and transformers.js, each in a process of its own.</summary>
internal static class Peers
{
    /// <summary>The scripts' folder.</summary>
    private static readonly string Scripts = Path.Combine("bench", "WholeJob", "peers");

    /// <summary>PyTorch by the interpreter that PYTHON names (default: the system's).</summary>
    public static PeerRun Torch(string pool, string models) => Run(
        Environment.GetEnvironmentVariable("PYTHON") ?? "/usr/bin/python3",
        Path.Combine(Scripts, "clip_torch.py"), pool, Path.Combine(models, "clip-demo"), models, Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture));

    /// <summary>transformers.js below a folder <c>node_modules</c>.</summary>
    public static PeerRun TransformersJs(string pool, string models, string nodeModules) => Run(
        "node", Path.Combine(Scripts, "clip_transformers.mjs"), pool, Path.Combine(models, "clip-demo"), Path.Combine(nodeModules, "@huggingface", "transformers"));

    private static PeerRun Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<PeerRun>(said, JsonSerializerOptions.Web)!
            : throw new InvalidOperationException($"{arguments[0]} ended with {process.ExitCode}; its first lines say what it needs");
    }
}
