using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Statistics;
using Orchestrator.Domain.Tests.Evaluation.Support;

namespace Orchestrator.Domain.Tests.Evaluation.Sampling;

public sealed class SamplingLawTests
{
    [Fact]
    public void Fill_Numpy_Agrees()
    {
        var cases = VectorFile.Read("Evaluation", "Vectors", "sampling.json");
        Assert.Equal(60, cases.GetArrayLength());
        foreach (var c in cases.EnumerateArray())
        {
            var options = new SamplingOptions(
                c.GetProperty("temperature").GetDouble(), c.GetProperty("topK").GetInt32(), c.GetProperty("topP").GetDouble(), c.GetProperty("penalty").GetDouble());
            var expected = c.Values<double>("law");
            var law = new double[expected.Length];
            SamplingLaw.Fill(c.Values<float>("logits"), options, c.Values<int>("history"), law);
            for (var i = 0; i < law.Length; i++)
            {
                Assert.Equal(expected[i], law[i], 1e-14);
            }
        }
    }

    /// <summary>A large vocabulary with many ties, by sorting: the method that is too slow to ship.</summary>
    [Fact]
    public void Fill_LargeVocabulary_EqualsSorting()
    {
        var stream = new SeededStream(11);
        for (var round = 0; round < 60; round++)
        {
            float[] logits = [.. new float[3000].Select(_ => stream.NextInt32(9) == 0 ? float.NegativeInfinity : (float)Math.Round(40 * stream.NextDouble() * stream.NextDouble() * stream.NextDouble(), round % 3))];
            var options = new SamplingOptions(0.4 + (2 * stream.NextDouble()), round % 4 == 0 ? 0 : 1 + stream.NextInt32(400), round % 3 == 0 ? 1 : 1e-3 + (0.99 * stream.NextDouble()));
            var order = Enumerable.Range(0, logits.Length).Where(t => !float.IsNegativeInfinity(logits[t])).OrderByDescending(t => logits[t]).ToList();
            order = options.TopK > 0 ? [.. order.Take(options.TopK)] : order;
            double Weight(int token) => Math.Exp((logits[token] - (double)logits[order[0]]) / options.Temperature);
            var total = order.Sum(Weight);
            var (mass, kept) = (0.0, 0);
            while (kept < order.Count && (options.TopP == 1 || mass < options.TopP * total))
            {
                mass += Weight(order[kept++]);
            }

            var law = Law(logits, options);
            Assert.Equal(order.Take(kept).Order(), Enumerable.Range(0, law.Length).Where(t => law[t] > 0));
            Assert.All(order.Take(kept), token => Assert.Equal(Weight(token) / mass, law[token], 1e-13));
        }
    }

    [Fact]
    public void Fill_Ties_GoToTheLowestId()
    {
        float[] logits = [1, 3, 3, 3, 0];
        Assert.Equal([0, 1, 0, 0, 0], Law(logits, SamplingOptions.Greedy));
        Assert.Equal([0, 0.5, 0.5, 0, 0], Law(logits, new(1, TopK: 2)));
        Assert.Equal([0, 0.5, 0.5, 0, 0], Law(logits, new(1, TopP: 0.5)));
    }

    /// <summary>The penalty comes first: it may change the argmax.</summary>
    [Fact]
    public void Fill_PenaltyAtTemperatureZero_ChangesTheArgMax()
    {
        var law = new double[3];
        SamplingLaw.Fill([2f, 1.5f, -1f], new(0, RepetitionPenalty: 2), [0, 0, 7], law);
        Assert.Equal([0, 1, 0], law);
    }

    [Fact]
    public void Fill_ForbiddenTokens_GetNothing() =>
        Assert.Equal([0.5, 0, 0.5], Law([1, float.NegativeInfinity, 1], new(0.7, TopK: 3, TopP: 0.99)));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Fill_BadLogit_NamesTheToken(float bad) =>
        Assert.Contains("token 1", Assert.Throws<ArgumentException>(() => Law([0, bad], new())).Message, StringComparison.Ordinal);

    [Fact]
    public void Fill_EverythingForbidden_IsAnError() =>
        Assert.Throws<ArgumentException>(() => Law([float.NegativeInfinity, float.NegativeInfinity], new()));

    [Fact]
    public void SeededChance_Categorical_FollowsItsWeights()
    {
        double[] weights = [2, 0, 1, 5, 0];
        var chance = new SeededChance(new SeededStream(3));
        var counts = new long[5];
        for (var i = 0; i < 80_000; i++)
        {
            counts[chance.Categorical(weights)]++;
        }

        Assert.True(FitTest.AgainstLaw(counts, [.. weights.Select(w => w / 8)]).PValue > 1e-3);
        Assert.Throws<ArgumentException>(() => chance.Categorical([0, 0]));
    }

    [Fact]
    public void SeededChance_EachCall_TakesOneNumber()
    {
        var (first, second) = (new SeededChance(new SeededStream(5)), new SeededChance(new SeededStream(5)));
        first.Bernoulli(2);
        first.Categorical([1, 1, 1]);
        second.Categorical([0, 1]);
        second.Bernoulli(0);
        Assert.Equal(Enumerable.Range(0, 20).Select(_ => first.Categorical([1, 1, 1, 1])), Enumerable.Range(0, 20).Select(_ => second.Categorical([1, 1, 1, 1])));
    }

    private static double[] Law(float[] logits, SamplingOptions options)
    {
        var law = new double[logits.Length];
        SamplingLaw.Fill(logits, options, [], law);
        return law;
    }
}
