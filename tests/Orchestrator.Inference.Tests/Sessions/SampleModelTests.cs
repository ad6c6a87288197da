using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Sessions;

/// <summary>Every demo model that is in the repository, against PyTorch's golden vectors.</summary>
public sealed class SampleModelTests
{
    public static TheoryData<string> Names => [.. SampleModels.Names()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Verify_InEachPrecision_Passes(string name)
    {
        var folder = ModelFolder.Open(SampleModels.Path(name));
        foreach (var precision in Enum.GetValues<InferencePrecision>())
        {
            var report = ModelVerifier.Verify(folder, new InferenceOptions { IntraOpThreads = 1, Precision = precision });
            Assert.True(report.Passed && report.Rows.Count > 0, string.Join('\n', report.Runs()));
        }
    }
}
