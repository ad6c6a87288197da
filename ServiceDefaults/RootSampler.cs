using OpenTelemetry.Trace;

namespace Orchestrator.ServiceDefaults;

/// <summary>
/// Which spans may begin a trace: all but grain calls. Workers and dispatchers call each other hundreds of times a second
/// whether or not there is a job; a grain call made for a job or a request has a parent and is kept with it.
/// </summary>
internal sealed class RootSampler : Sampler
{
    /// <inheritdoc />
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        new(IsGrainCall(samplingParameters.Name) ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);

    // Orleans names the span of a call INTERFACE/METHOD; the names of all others here have no slash.
    private static bool IsGrainCall(string span) => span.Contains('/', StringComparison.Ordinal);
}
