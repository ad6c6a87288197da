using Orchestrator.Domain.Evaluation.Decoding;

namespace Orchestrator.Domain.Tests.Evaluation.Decoding;

public sealed class DevicePredictionTests
{
    private static readonly VerifyCurve Flat = new([.. Enumerable.Repeat(100.0, 64)], 64, 1);

    /// <summary>Verification that costs nothing more and drafts that cost little: as long as it is allowed, and Leviathan agrees.</summary>
    [Fact]
    public void CheapDrafts_LongestGamma()
    {
        var prediction = DevicePrediction.Of(Flat, 0.1, chainGamma: 4, alpha: 0.9, [0.9, 0.9, 0.9, 0.9], [0.9]);
        Assert.Equal((12, 12), (prediction.BestGamma, prediction.LeviathanGamma));
        Assert.Equal(SpeedupModel.ExpectedTokens(0.9, 4), prediction.LeviathanTokens);
        Assert.Equal(SpeedupModel.Speedup(0.9, 4, 0.001), prediction.ExpectedSpeedup, 1e-9);
        Assert.True(prediction.BestGammaSpeedup > prediction.ExpectedSpeedup);
    }

    /// <summary>A forward that costs as much as its rows makes every draft a loss: γ = 0, no tree, speedup 1.</summary>
    [Fact]
    public void RowsThatCostFull_NoSpeculation()
    {
        var curve = new VerifyCurve([.. Enumerable.Range(1, 64).Select(n => 100.0 * n)], 64, 1);
        var prediction = DevicePrediction.Of(curve, 10, chainGamma: 3, alpha: 0.6, [0.6, 0.5, 0.4], [0.6, 0.1]);
        Assert.Equal((0, 1.0), (prediction.BestGamma, prediction.BestGammaSpeedup));
        Assert.Equal((0, 1.0), (prediction.BestTree!.Count, prediction.BestTreeSpeedup));
        Assert.True(prediction.ExpectedSpeedup < 1);
    }

    /// <summary>Second-best candidates that are often right make a tree better than the best chain.</summary>
    [Fact]
    public void GoodSiblings_TreeBeatsChain()
    {
        var chain = DevicePrediction.Of(Flat, 30, chainGamma: 4, alpha: 0.5, [0.5, 0.5, 0.5, 0.5], [0.5]);
        var tree = DevicePrediction.Of(Flat, 30, chainGamma: 0, alpha: 0.5, [0.5, 0.5, 0.5, 0.5], [0.5, 0.3, 0.1]);
        Assert.True(tree.BestTreeSpeedup > chain.BestGammaSpeedup);
        Assert.Equal(chain.BestGammaSpeedup, chain.BestTreeSpeedup, 1e-9);
        Assert.Equal((-1, -1), (tree.BestGamma, tree.LeviathanGamma));
    }

    [Fact]
    public void NothingMeasured_NothingPredicted()
    {
        var prediction = DevicePrediction.Of(Flat, 5, chainGamma: 2, alpha: double.NaN, [], []);
        Assert.Equal(0, prediction.BestGamma);
        Assert.Null(prediction.BestTree);
    }
}
