using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Api.Workers;

/// <summary>
/// A worker. <paramref name="Models"/> with a <c>problem</c> cannot be used. <paramref name="CordonedDevices"/> failed distinct
/// jobs and get no more work until the worker is uncordoned.
/// </summary>
public sealed record WorkerInfo(
    string Id,
    WorkerMode Mode,
    string? Host,
    IReadOnlyList<string> Devices,
    int Slots,
    int Running,
    long Committed,
    long Failed,
    IReadOnlyList<string> Kinds,
    IReadOnlyList<ModelInfo> Models,
    IReadOnlyList<string> WarmModels,
    string? Version,
    string Silo,
    DateTimeOffset LastSeen,
    IReadOnlyList<string> CordonedDevices)
{
    /// <summary>The dispatcher's view as users see it.</summary>
    public static WorkerInfo Of(WorkerView w) => new(
        w.Id, w.Mode, w.Capabilities?.Host, w.Capabilities?.Devices ?? [], w.Capabilities?.Slots ?? 0, w.Running, w.Committed, w.Failed,
        w.Capabilities?.Kinds ?? [], w.Capabilities?.Models ?? [], w.WarmModels, w.Capabilities?.Version, w.Silo, w.LastSeen,
        w.CordonedDevices ?? []);
}

/// <summary>A model that connected workers announce.</summary>
/// <param name="Digest">Of its files; two workers with different digests under one name are listed apart.</param>
/// <param name="Problem">Why it cannot be used; null where it can.</param>
/// <param name="Workers">Ids of the workers that have it.</param>
public sealed record ModelView(string Name, string Kind, string Digest, string? Problem, IReadOnlyList<string> Workers);
