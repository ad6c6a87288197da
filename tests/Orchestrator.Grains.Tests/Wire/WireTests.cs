using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orleans.Serialization;

namespace Orchestrator.Grains.Tests.Wire;

/// <summary>
/// During a rolling upgrade processes of two releases talk to each other. That holds because wire records only ever gain
/// fields: an id is never used again and never changes its meaning, a reader skips ids that it does not know and takes the
/// default for those that are not there.
/// </summary>
public sealed class WireTests
{
    private static readonly Serializer Serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    private static readonly LeaseRef Lease = new(JobId.Parse("sim-1"), "work", 3, 2);

    /// <summary>
    /// <c>wire.txt</c> lists every field of every release: record, id, name. A new field is a new line; a line that no longer
    /// holds breaks the release before.
    /// </summary>
    [Fact]
    public void Fields_AreThoseOfTheList()
    {
        using var list = new StreamReader(typeof(WireTests).Assembly.GetManifestResourceStream("wire.txt")!);
        Assert.Equal(list.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), Fields());
    }

    [Fact]
    public void ReplyOfTheReleaseBefore_LacksWhatIsNew()
    {
        var reply = Read<ExchangeReply>(Serializer.SerializeToArray(
            new ReplyBefore([new ShardLease(Lease, "simulated", "{}")], [], [Lease], TimeSpan.FromSeconds(30), true, false)));
        Assert.Equal(Lease, Assert.Single(reply.Leases).Lease);
        Assert.Equal([Lease], reply.Fenced);
        Assert.Equal((TimeSpan.FromSeconds(30), true, WorkerMode.Active), (reply.LeaseTtl, reply.Drain, reply.Mode));
        Assert.Null(reply.CordonedDevices);
    }

    [Fact]
    public void RequestOfTheNextRelease_IsReadWithoutWhatIsUnknown()
    {
        var request = Read<ExchangeRequest>(Serializer.SerializeToArray(
            new RequestNext("w1", "silo", [], [], [], [Lease], 4, null, ["clip"], 7, WorkerMode.Cordoned, [Lease], ["cuda:0"], [Lease], "of the future", [1, 2, 3])));
        Assert.Equal(("w1", "silo", 4, 7L, WorkerMode.Cordoned), (request.WorkerId, request.Silo, request.FreeSlots, request.Sequence, request.LastMode));
        Assert.Equal([Lease], request.Running);
        Assert.Equal([Lease], request.Started!);
        Assert.Equal(["cuda:0"], request.LastCordoned!);
    }

    private static T Read<T>(byte[] bytes) => Serializer.Deserialize<T>(bytes) ?? throw new InvalidOperationException("Nothing was read.");

    private static IEnumerable<string> Fields() =>
        from type in typeof(ExchangeRequest).Assembly.GetTypes()
        where type.GetCustomAttribute<GenerateSerializerAttribute>() is not null
        let alias = type.GetCustomAttribute<AliasAttribute>()?.Alias
        where alias is not null
        from property in type.GetProperties()
        let id = property.GetCustomAttribute<IdAttribute>()?.Id
        where id is not null
        orderby alias, id
        select $"{alias} {id} {property.Name}";
}

/// <summary>The reply as the first release had it.</summary>
[GenerateSerializer]
[Alias("orchestrator.tests.ReplyBefore")]
public sealed record ReplyBefore(
    [property: Id(0)] ShardLease[] Leases,
    [property: Id(1)] LeaseRef[] Stop,
    [property: Id(2)] LeaseRef[] Fenced,
    [property: Id(3)] TimeSpan LeaseTtl,
    [property: Id(4)] bool Drain,
    [property: Id(5)] bool SendCapabilities);

/// <summary>The request as some later release may have it.</summary>
[GenerateSerializer]
[Alias("orchestrator.tests.RequestNext")]
public sealed record RequestNext(
    [property: Id(0)] string WorkerId,
    [property: Id(1)] string Silo,
    [property: Id(2)] ShardCompletion[] Completed,
    [property: Id(3)] ShardFault[] Failed,
    [property: Id(4)] LeaseRef[] Released,
    [property: Id(5)] LeaseRef[] Running,
    [property: Id(6)] int FreeSlots,
    [property: Id(7)] WorkerCapabilities? Capabilities,
    [property: Id(8)] string[] WarmModels,
    [property: Id(9)] long Sequence,
    [property: Id(10)] WorkerMode LastMode,
    [property: Id(11)] LeaseRef[]? Started,
    [property: Id(12)] string[]? LastCordoned,
    [property: Id(13)] LeaseRef[]? Ending,
    [property: Id(40)] string Unknown,
    [property: Id(41)] int[] AlsoUnknown);
