using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orchestrator.Inference.Sessions;
using Orchestrator.Worker.Agent;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Worker.Tests.Agent;

public sealed class WiringTests
{
    [Fact]
    public void Options_DefaultsAreFilledIn()
    {
        var options = Read();

        Assert.Equal(["cpu"], options.Devices);
        Assert.Equal(1, options.SlotCount);
        Assert.Equal("default", options.Pool);
        Assert.Contains($"-{Environment.ProcessId}-", options.Id, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_ConfiguredDevicesReplaceTheDefault()
    {
        var options = Read(("Worker:Devices:0", "cuda:0"), ("Worker:Devices:1", "cpu"), ("Worker:DrainTimeout", "00:01:00"));

        Assert.Equal(["cuda:0", "cpu"], options.Devices);
        Assert.Equal(2, options.SlotCount);
        Assert.Equal(TimeSpan.FromMinutes(1), options.DrainTimeout);
    }

    [Fact]
    public void Options_EveryMistakeIsReportedWithItsKey()
    {
        (string Key, string Value)[] wrong =
        [
            ("Worker:Id", "a b"), ("Worker:Pool", "gpu"), ("Worker:Devices:0", "tpu"), ("Worker:Slots", "0"),
            ("Worker:HeartbeatInterval", "00:10:00"), ("Worker:ExchangeSpacing", "00:00:02"), ("Worker:ExchangeTimeout", "00:01:00"),
            ("Worker:DrainTimeout", "-00:00:01"), ("Worker:MaxPrefetch", "-1"), ("Worker:HttpUrl", "localhost"),
        ];

        var error = Assert.Throws<OptionsValidationException>(() => Read(wrong));

        Assert.Equal(wrong.Length, error.Failures.Count());
        Assert.All(wrong, mistake => Assert.Single(error.Failures, failure => failure.StartsWith($"{mistake.Key} ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Options_SameDeviceTwice_IsAMistake()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Read(("Worker:Devices:0", "cpu"), ("Worker:Devices:1", "cpu")));
        Assert.Contains("Worker:Devices:1", Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_TwoGpus_AreAMistakeWithTheRemedy()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Read(("Worker:Devices:0", "cuda:0"), ("Worker:Devices:1", "cuda:1")));
        var failure = Assert.Single(error.Failures);
        Assert.StartsWith("Worker:Devices is 'cuda:0, cuda:1'", failure, StringComparison.Ordinal);
        Assert.Contains("one worker process per GPU", failure, StringComparison.Ordinal);
    }

    /// <summary>Models are opened on the GPU that the worker works on, unless the settings name another number.</summary>
    [Theory]
    [InlineData(1, "Worker:Devices:0=cuda:1")]
    [InlineData(2, "Worker:Devices:0=cpu", "Worker:Devices:1=cuda:2")]
    [InlineData(0, "Worker:Devices:0=cpu")]
    [InlineData(0)]
    [InlineData(0, "Worker:Devices:0=cuda:1", "Inference:CudaDevice=0")]
    [InlineData(3, "Worker:Devices:0=cuda:1", "Inference:CudaDevice=3")]
    public void Inference_CudaDevice_IsTheWorkersUnlessNamed(int expected, params string[] settings)
    {
        using var host = Build([.. settings.Select(setting => (setting.Split('=')[0], setting.Split('=')[1]))]);
        Assert.Equal(expected, host.Services.GetRequiredService<InferenceOptions>().CudaDevice);
    }

    [Fact]
    public void ShutdownTime_CoversTheDrain()
    {
        using var host = Build(("Worker:DrainTimeout", "00:02:00"));
        Assert.Equal(TimeSpan.FromSeconds(150), host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
    }

    [Fact]
    public void Catalog_TwoExecutorsForAPhase_AreRefusedByName()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new ExecutorCatalog(
            [new ScriptedExecutor("curation", "score"), new ScriptedExecutor("curation", "write"), new ScriptedExecutor("curation", "score")]));
        Assert.Contains("'curation/score'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("write", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Catalog_FindsByKindAndPhaseAndListsKinds()
    {
        var score = new ScriptedExecutor("curation", "score");
        var catalog = new ExecutorCatalog([score, new ScriptedExecutor("curation", "write"), new ScriptedExecutor("alpha", "score")]);

        Assert.Same(score, catalog.Find("curation", "score"));
        Assert.Null(catalog.Find("alpha", "write"));
        Assert.Equal(["alpha", "curation"], catalog.Kinds);
    }

    private static WorkerOptions Read(params (string Key, string Value)[] settings)
    {
        using var host = Build(settings);
        return host.Services.GetRequiredService<IOptions<WorkerOptions>>().Value;
    }

    private static IHost Build(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        builder.AddOrchestratorWorker();
        builder.Services.AddCuration();
        return builder.Build();
    }
}
