using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Orchestrator.Worker.Evaluation;

/// <summary>What a speed was measured on; figures of unlike devices are never merged.</summary>
/// <param name="Host">Host name.</param>
/// <param name="Provider">ONNX Runtime's provider: cpu or cuda.</param>
/// <param name="Processor">Model of the processor.</param>
/// <param name="Cores">Logical processors.</param>
/// <param name="System">Operating system.</param>
/// <param name="Runtime">Version of .NET.</param>
/// <param name="OnnxRuntime">Version of ONNX Runtime.</param>
public sealed record DeviceFingerprint(string Host, string Provider, string Processor, int Cores, string System, string Runtime, string OnnxRuntime)
{
    private const string CpuInfo = "/proc/cpuinfo";

    /// <summary>True where another device is of the same make: the host's name alone may differ.</summary>
    public bool IsLike(DeviceFingerprint other) => this with { Host = "" } == other with { Host = "" };

    /// <summary>This process's device.</summary>
    public static DeviceFingerprint Of(string provider) => new(
        Environment.MachineName,
        provider,
        ProcessorName(),
        Environment.ProcessorCount,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        OrtEnv.Instance().GetVersionString());

    private static string ProcessorName() =>
        File.Exists(CpuInfo) && File.ReadLines(CpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            : RuntimeInformation.ProcessArchitecture.ToString();
}
