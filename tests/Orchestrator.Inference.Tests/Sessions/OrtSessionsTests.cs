using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Sessions;

public sealed class OrtSessionsTests
{
    private static readonly string Graph = VectorFiles.Path("clip-tiny", "onnx", "vision_model.onnx");

    [Fact]
    public void Open_CudaThenCpuOnACpuBuild_FallsBackAndSaysWhy()
    {
        using var session = OrtSessions.Open(Graph, new InferenceOptions { Providers = ["cuda", "cpu"] });
        Assert.SkipWhen(session.Provider == "cuda", "this machine has CUDA");
        Assert.Equal("cpu", session.Provider);
        Assert.StartsWith("cuda: ", Assert.Single(session.Refused), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_PluginThatIsNoLibrary_FallsBackAndSaysWhy()
    {
        using var folder = new TemporaryFolder();
        var plugin = folder.Write("libonnxruntime_providers_cuda_plugin.so", "not a library");
        using var session = OrtSessions.Open(Graph, new InferenceOptions { Providers = ["cuda", "cpu"], CudaPluginPath = plugin });
        Assert.Equal("cpu", session.Provider);
        Assert.StartsWith("cuda: ", Assert.Single(session.Refused), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoProviderLeft_ThrowsWithEachReason()
    {
        using var folder = new TemporaryFolder();
        var plugin = folder.Write("plugin.so", "not a library");
        var error = Assert.Throws<ModelContractException>(() => OrtSessions.Open(Graph, new InferenceOptions { Providers = ["cuda"], CudaPluginPath = plugin }));
        Assert.Contains("[cuda]", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.InnerException);
    }

    [Fact]
    public void Open_MissingOrBrokenGraph_NamesTheFile()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal("no-such.onnx", Assert.Throws<ModelContractException>(() => OrtSessions.Open("no-such.onnx", new InferenceOptions())).File);
        var broken = folder.Write("broken.onnx", "onnx?");
        Assert.Equal(broken, Assert.Throws<ModelContractException>(() => OrtSessions.Open(broken, new InferenceOptions())).File);
    }

    [Fact]
    public void Validate_ReportsEveryMistakeAtOnce()
    {
        var mistakes = new InferenceOptions { Providers = ["gpu", "tpu"], IntraOpThreads = -1, CudaDevice = -2, CudaPluginPath = "no-such.so" }.Validate();
        Assert.Equal(5, mistakes.Count);
        Assert.All(mistakes, m => Assert.StartsWith("Inference:", m, StringComparison.Ordinal));
        Assert.Single(new InferenceOptions { Providers = [] }.Validate());
        Assert.Throws<ArgumentException>(() => OrtSessions.Open(Graph, new InferenceOptions { Providers = [] }));
    }
}
