using Microsoft.ML.OnnxRuntime;

namespace Orchestrator.Inference.Sessions;

/// <summary>A loaded graph.</summary>
/// <param name="Session">The session; safe for concurrent Run calls.</param>
/// <param name="Provider">Provider it runs on: <c>cuda</c> or <c>cpu</c>.</param>
/// <param name="DeviceNumber">Number of the provider's device: <see cref="InferenceOptions.CudaDevice"/>, or 0 on the CPU.</param>
/// <param name="File">Graph file.</param>
/// <param name="Refused">Providers tried before, each with the reason it was not used; for a log line.</param>
public sealed record OrtSession(InferenceSession Session, string Provider, int DeviceNumber, string File, IReadOnlyList<string> Refused) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Session.Dispose();
}

/// <summary>Opens graphs on the first provider that takes them.</summary>
/// <remarks>
/// The CPU build of ONNX Runtime answers a request for CUDA with OnnxRuntimeException or, for entry points its native library
/// lacks, EntryPointNotFoundException; a CUDA build without its libraries fails only when the session is made. All of these move
/// on to the next provider. Sequential execution and a fixed optimisation level: on one device, library version and thread
/// count the same batch gives the same bytes.
/// </remarks>
public static class OrtSessions
{
    private const string PluginName = "orchestrator_cuda";
    private const string PluginProvider = "CudaPluginExecutionProvider";
    private static readonly Lock PluginGate = new();
    private static readonly HashSet<string> RegisteredPlugins = [];

    /// <summary>Opens <paramref name="file"/>.</summary>
    /// <exception cref="ModelContractException">The file is missing, or no provider could load it; the message lists each reason.</exception>
    public static OrtSession Open(string file, InferenceOptions options)
    {
        if (!System.IO.File.Exists(file))
        {
            throw new ModelContractException(file, "file", "an ONNX graph", "nothing", "Export the model, or name the file in orchestrator.json under files");
        }

        if (options.Validate() is { Count: > 0 } mistakes)
        {
            throw new ArgumentException(string.Join("; ", mistakes), nameof(options));
        }

        var refused = new List<string>();
        Exception? last = null;
        foreach (var provider in options.Providers)
        {
            try
            {
                using var settings = new SessionOptions
                {
                    ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
                    GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
                    LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
                };
                if (options.IntraOpThreads > 0)
                {
                    settings.IntraOpNumThreads = options.IntraOpThreads;
                }

                // Spinning threads between runs would take the cores from the decoders that feed the next batch.
                settings.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
                if (provider == "cuda")
                {
                    AppendCuda(settings, options);
                }

                return new OrtSession(new InferenceSession(file, settings), provider, provider == "cuda" ? options.CudaDevice : 0, file, refused);
            }
            catch (Exception e) when (e is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException or ProviderMissingException)
            {
                refused.Add($"{provider}: {e.Message}");
                last = e;
            }
        }

        throw new ModelContractException(file, "file", $"a graph that one of [{string.Join(", ", options.Providers)}] loads", string.Join("; ", refused), "Check the file, and Inference:Providers", last);
    }

    private static void AppendCuda(SessionOptions settings, InferenceOptions options)
    {
        if (options.CudaPluginPath is { Length: > 0 } path)
        {
            AppendPlugin(settings, path, options.CudaDevice);
            return;
        }

        if (!OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider"))
        {
            throw new ProviderMissingException("this build of ONNX Runtime has no CUDA provider; build with OrtFlavor=cuda or set Inference:CudaPluginPath");
        }

        using var cuda = new OrtCUDAProviderOptions();
        cuda.UpdateOptions(new Dictionary<string, string> { ["device_id"] = options.CudaDevice.ToString(), ["cudnn_conv_algo_search"] = "HEURISTIC", ["use_tf32"] = "0" });
        settings.AppendExecutionProvider_CUDA(cuda);
    }

    private static void AppendPlugin(SessionOptions settings, string path, int device)
    {
        var environment = OrtEnv.Instance();
        lock (PluginGate)
        {
            // Registration is for the process; a second one under the same name is an error.
            if (!RegisteredPlugins.Contains(path))
            {
                environment.RegisterExecutionProviderLibrary($"{PluginName}_{RegisteredPlugins.Count}", path);
                RegisteredPlugins.Add(path);
            }
        }

        var devices = environment.GetEpDevices().Where(d => d.EpName == PluginProvider).Skip(device).Take(1).ToList();
        if (devices.Count == 0)
        {
            throw new ProviderMissingException($"the plug-in {path} offers no CUDA device number {device}");
        }

        settings.AppendExecutionProvider(environment, devices, new Dictionary<string, string>());
    }

    private sealed class ProviderMissingException(string message) : Exception(message);
}
