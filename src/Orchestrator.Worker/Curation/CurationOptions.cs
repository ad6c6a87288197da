using Microsoft.Extensions.Options;
using Orchestrator.Data.Storage.S3;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Worker.Curation;

/// <summary>Section <c>Models</c>.</summary>
public sealed class ModelsOptions
{
    /// <summary>Folders that hold model folders; the first one that has a name wins. Default: <c>models</c> below the base directory.</summary>
    public string[] Roots { get; set; } = [];
}

/// <summary>Section <c>Inference</c>, as configuration binds it.</summary>
public sealed class InferenceSettings
{
    /// <summary>Execution providers, tried in order: <c>cuda</c>, <c>cpu</c>. Default <c>[cpu]</c>.</summary>
    public string[] Providers { get; set; } = [];

    /// <summary><c>fp32</c> (default) or <c>fp16</c>.</summary>
    public string Precision { get; set; } = "fp32";

    /// <summary>Threads of one session; 0 (default) is one a core.</summary>
    public int IntraOpThreads { get; set; }

    /// <summary>Threads that decode, resize and tokenise; 0 (default) is one a core.</summary>
    public int CpuThreads { get; set; }

    /// <summary>CUDA device number. Default: that of the <c>cuda:N</c> in <c>Worker:Devices</c>, or 0 where there is none.</summary>
    public int? CudaDevice { get; set; }

    /// <summary>Path of ONNX Runtime's CUDA plug-in library. Default none.</summary>
    public string? CudaPluginPath { get; set; }

    /// <summary>The options of the sessions.</summary>
    /// <param name="device">CUDA device number where none is set; null for 0.</param>
    public InferenceOptions ToOptions(int? device = null) => new()
    {
        Providers = Providers.Length == 0 ? ["cpu"] : Providers,
        Precision = Precision == "fp16" ? InferencePrecision.Fp16 : InferencePrecision.Fp32,
        IntraOpThreads = IntraOpThreads,
        CudaDevice = CudaDevice ?? device ?? 0,
        CudaPluginPath = CudaPluginPath,
    };
}

/// <summary>Section <c>Storage</c>, the part a worker reads.</summary>
public sealed class WorkerStorageOptions
{
    /// <summary>Folder for relative paths. Default: the current directory.</summary>
    public string? BaseDirectory { get; set; }

    /// <summary>Folders and <c>s3://bucket/prefix</c> that the worker may touch. Default: the base directory.</summary>
    public string[] AllowedRoots { get; set; } = [];

    /// <summary>The S3-compatible server. Default: none.</summary>
    public S3Options S3 { get; set; } = new();
}

/// <summary>Checks <see cref="WorkerStorageOptions"/> at start; reports every mistake.</summary>
public sealed class WorkerStorageValidator : IValidateOptions<WorkerStorageOptions>
{
    /// <inheritdoc />
    public ValidateOptionsResult Validate(string? name, WorkerStorageOptions options) =>
        S3Options.Validate(options.S3, options.AllowedRoots) is { Count: > 0 } errors ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
}

/// <summary>Checks <see cref="InferenceSettings"/> at start; reports every mistake.</summary>
public sealed class InferenceSettingsValidator : IValidateOptions<InferenceSettings>
{
    /// <inheritdoc />
    public ValidateOptionsResult Validate(string? name, InferenceSettings options)
    {
        var errors = options.ToOptions().Validate().Select(e => $"Inference:{e}").ToList();
        if (options.Precision is not ("fp32" or "fp16"))
        {
            errors.Add($"Inference:Precision: '{options.Precision}' is not fp32 or fp16.");
        }

        if (options.CpuThreads is < 0 or > 1024)
        {
            errors.Add($"Inference:CpuThreads: {options.CpuThreads} is not in 0 to 1024.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
