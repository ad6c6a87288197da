using Orchestrator.Domain.Jobs;

namespace Orchestrator.Contracts;

/// <summary>Wire form of <see cref="JobId"/>: the domain itself knows no serializer.</summary>
[GenerateSerializer, Immutable]
[Alias("orchestrator.JobId")]
public struct JobIdSurrogate
{
    /// <summary>Text form.</summary>
    [Id(0)]
    public string Value;
}

/// <summary>Converts between <see cref="JobId"/> and its wire form.</summary>
[RegisterConverter]
public sealed class JobIdConverter : IConverter<JobId, JobIdSurrogate>
{
    /// <inheritdoc />
    public JobId ConvertFromSurrogate(in JobIdSurrogate surrogate) =>
        string.IsNullOrEmpty(surrogate.Value) ? default : JobId.Parse(surrogate.Value);

    /// <inheritdoc />
    public JobIdSurrogate ConvertToSurrogate(in JobId value) => new() { Value = value.Value };
}
