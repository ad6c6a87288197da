using System.Text.Json;
using Orchestrator.Domain.Statistics;
using Orchestrator.Inference.Captioning;

namespace Orchestrator.Inference.Tests.Captioning;

public sealed class TokenScoresTests
{
    private static readonly JsonElement Expected = VectorFiles.Json("blip_captions.json");

    /// <summary>Oracle: torch.topk, sort, softmax and cumsum by transformers' warpers (<c>Vectors/make_blip_tiny.py</c>).</summary>
    [Fact]
    public void Nucleus_TopKAndTopP_EqualsPyTorch()
    {
        var logits = Expected.GetProperty("logits").Deserialize<float[]>()!;
        foreach (var filter in Expected.GetProperty("filters").EnumerateArray())
        {
            var (ids, probabilities) = TokenScores.Nucleus(logits, filter.GetProperty("topK").GetInt32(), filter.GetProperty("topP").GetDouble());
            var all = new double[logits.Length];
            for (var i = 0; i < ids.Length; i++)
            {
                all[ids[i]] = probabilities[i];
            }

            var expected = filter.GetProperty("probabilities").Deserialize<double[]>()!;
            Assert.All(expected.Zip(all), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
            Assert.Equal(1, probabilities.Sum(), 1e-12);
        }
    }

    [Fact]
    public void PenaliseRepetition_TouchesEachOccurringTokenOnce()
    {
        float[] scores = [2, -2, 0, 4];
        TokenScores.PenaliseRepetition(scores, [0, 1, 1, 0], 2);
        Assert.Equal([1f, -4f, 0f, 4f], scores);
    }

    [Fact]
    public void Nucleus_TiesAtK_AreKept_AndNothingLeftIsAnError()
    {
        Assert.Equal([1, 0, 2], TokenScores.Nucleus([1, 2, 1, 0], 2, 1).Ids);
        Assert.Throws<InvalidOperationException>(() => TokenScores.Nucleus([float.NaN, float.NegativeInfinity], 0, 1));
        Assert.Throws<InvalidOperationException>(() => TokenScores.LogSoftmax([1, float.NaN]));
    }

    /// <summary>Chi-square of 100,000 draws against the distribution; 3 degrees of freedom, 16.27 is the 0.1 % point.</summary>
    [Fact]
    public void Draw_ManySeeds_FollowsTheProbabilities()
    {
        (int[] Ids, double[] Probabilities) tokens = ([3, 1, 0, 2], [0.5, 0.3, 0.15, 0.05]);
        var counts = new int[4];
        for (ulong seed = 0; seed < 50_000; seed++)
        {
            var stream = new SeededStream(seed);
            counts[Array.IndexOf(tokens.Ids, TokenScores.Draw(tokens, stream.NextDouble()))]++;
            counts[Array.IndexOf(tokens.Ids, TokenScores.Draw(tokens, stream.NextDouble()))]++;
        }

        var chi = counts.Select((count, i) => Math.Pow(count - (100_000 * tokens.Probabilities[i]), 2) / (100_000 * tokens.Probabilities[i])).Sum();
        Assert.True(chi < 16.27, $"chi-square {chi:F2}");
    }
}
