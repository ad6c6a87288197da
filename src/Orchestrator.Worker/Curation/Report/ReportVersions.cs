using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Orchestrator.Inference.Images;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>Versions that the bytes of an output may depend on: the same ones give the same bytes.</summary>
internal static class ReportVersions
{
    /// <summary>Name and version of each.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of() =>
    [
        new("Orchestrator", typeof(ReportVersions).Assembly.GetName().Version!.ToString(3)),
        new(".NET", Environment.Version.ToString()),
        new("ONNX Runtime", OrtEnv.Instance().GetVersionString()),
        new("libvips", ImageDecoder.LibraryVersion),
        new("processor", RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()),
    ];
}
