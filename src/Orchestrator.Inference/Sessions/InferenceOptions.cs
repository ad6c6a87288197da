namespace Orchestrator.Inference.Sessions;

/// <summary>Which variant of a model's files is preferred.</summary>
public enum InferencePrecision
{
    /// <summary>Single precision: <c>model.onnx</c>.</summary>
    Fp32,

    /// <summary>Half precision: <c>model_fp16.onnx</c> where there is one, otherwise single.</summary>
    Fp16,
}

/// <summary>Settings of ONNX Runtime, section <c>Inference</c>.</summary>
public sealed record InferenceOptions
{
    /// <summary>Execution providers, tried in order: <c>cuda</c>, <c>cpu</c>. Default: cpu alone.</summary>
    public IReadOnlyList<string> Providers { get; init; } = ["cpu"];

    /// <summary>Preferred precision of the files. Default fp32.</summary>
    public InferencePrecision Precision { get; init; } = InferencePrecision.Fp32;

    /// <summary>Threads of one session; 0 lets ONNX Runtime take one a core. Default 0.</summary>
    public int IntraOpThreads { get; init; }

    /// <summary>CUDA device number, 0 or more. Default 0.</summary>
    public int CudaDevice { get; init; }

    /// <summary>Path of ONNX Runtime's CUDA plug-in library; when set, <c>cuda</c> means the plug-in. Default: none.</summary>
    public string? CudaPluginPath { get; init; }

    /// <summary>Every mistake in the options, as "name: complaint"; empty when there is none.</summary>
    public IReadOnlyList<string> Validate()
    {
        var mistakes = new List<string>();
        if (Providers.Count == 0)
        {
            mistakes.Add("Inference:Providers: must name at least one of cuda, cpu");
        }

        mistakes.AddRange(Providers.Where(p => p is not ("cuda" or "cpu")).Select(p => $"Inference:Providers: '{p}' is not one of cuda, cpu"));
        if (IntraOpThreads < 0)
        {
            mistakes.Add($"Inference:IntraOpThreads: must be 0 (one a core) or more, is {IntraOpThreads}");
        }

        if (CudaDevice < 0)
        {
            mistakes.Add($"Inference:CudaDevice: must be 0 or more, is {CudaDevice}");
        }

        if (CudaPluginPath is { Length: > 0 } path && !File.Exists(path))
        {
            mistakes.Add($"Inference:CudaPluginPath: no file at {path}");
        }

        return mistakes;
    }
}
