using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Tests.Agent;

public sealed class CapabilityTests
{
    [Fact]
    public async Task Acknowledged_AreNotSentAgain()
    {
        await using var agent = await AgentHost.StartAsync();
        (await agent.Dispatch.NextAsync()).Reply();

        Assert.Null((await agent.AskingAsync()).Request.Capabilities);
    }

    [Fact]
    public async Task LostFirstReply_AreSentAgain()
    {
        await using var agent = await AgentHost.StartAsync();
        (await agent.Dispatch.NextAsync()).Fail(new TimeoutException("lost"));
        await agent.Time.PassAsync(AgentHost.FirstPause);

        Assert.NotNull((await agent.Dispatch.NextAsync()).Request.Capabilities);
    }

    [Fact]
    public async Task DispatcherThatForgotTheWorker_GetsThemAgain()
    {
        await using var agent = await AgentHost.StartAsync();
        (await agent.Dispatch.NextAsync()).Reply();
        (await agent.AskingAsync()).Reply(sendCapabilities: true);

        Assert.NotNull((await agent.HeartbeatAsync()).Request.Capabilities);
    }

    [Fact]
    public async Task NewModel_IsAnnounced()
    {
        var models = new Shelf();
        await using var agent = await AgentHost.StartAsync(services: services => services.AddSingleton<IModelInventory>(models));
        var first = await agent.Dispatch.NextAsync();
        Assert.Empty(first.Request.Capabilities!.Models);
        first.Reply();
        (await agent.AskingAsync()).Reply();

        models.Known = [new ModelInfo("clip-demo", "clip", "abc", null)];
        models.Warm = ["clip-demo"];
        var request = (await agent.HeartbeatAsync()).Request;

        Assert.Equal("clip-demo", Assert.Single(request.Capabilities!.Models).Name);
        Assert.Equal(["clip-demo"], request.WarmModels);
    }

    private sealed class Shelf : IModelInventory
    {
        public IReadOnlyList<ModelInfo> Known { get; set; } = [];

        public IReadOnlyCollection<string> Warm { get; set; } = [];

        public IReadOnlyList<ModelInfo> List() => Known;
    }
}
