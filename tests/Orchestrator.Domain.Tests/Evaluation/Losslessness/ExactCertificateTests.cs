using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Tests.Evaluation.Support;

namespace Orchestrator.Domain.Tests.Evaluation.Losslessness;

public sealed class ExactCertificateTests
{
    /// <summary>Never temperature 1 alone: errors of processing hide there.</summary>
    internal static readonly SamplingOptions[] Settings =
    [
        new(0.7, TopK: 3),
        new(1.3, TopP: 0.7),
        new(0.7, TopK: 4, TopP: 0.85, RepetitionPenalty: 1.4),
        new(1.6, TopK: 3, TopP: 0.95),
    ];

    public static TheoryData<string> Names => [.. Subjects.Lossless.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void CorrectMethod_TwentySeeds_IsExact(string name)
    {
        var subject = Subjects.Lossless.Single(s => s.Name == name);
        for (var seed = 0; seed < 20; seed++)
        {
            var outcome = subject.Certify(Settings[seed % Settings.Length], (ulong)seed);
            Assert.True(outcome.IsGreen, $"seed {seed}: total variation {outcome.TotalVariation}");
            Assert.True(outcome.Outcomes > 8);
        }
    }

    /// <summary>The largest vocabulary of certificates; every token possible where that can be enumerated in a second.</summary>
    [Theory]
    [InlineData("chain", 0, 4096)]
    [InlineData("greedy chain, point mass", 0, 4096)]
    [InlineData("specinfer 3", 4, 256)]
    [InlineData("sequoia 3", 4, 256)]
    public void CorrectMethod_EightTokens_IsExact(string name, int topK, int outcomes)
    {
        var subject = Subjects.Lossless.Single(s => s.Name == name) with { Vocabulary = 8, Depth = 1 };
        var outcome = subject.Certify(new SamplingOptions(0.7, topK), 5);
        Assert.True(outcome.IsGreen, $"total variation {outcome.TotalVariation}");
        Assert.Equal(outcomes, outcome.Outcomes);
    }

    /// <summary>Code that takes chance from elsewhere cannot be enumerated, and is told so.</summary>
    [Fact]
    public void LawOf_ChanceFromOutside_IsRefused()
    {
        var calls = 0;
        var error = Assert.Throws<InvalidOperationException>(() => ExactCertificate.LawOf(chance => new Cheat(chance, () => calls++), 2));
        Assert.Contains("outside", error.Message, StringComparison.Ordinal);
    }

    private sealed class Cheat(IChance chance, Func<int> outside) : IDecodeProcess
    {
        private readonly List<int> output = [];

        public string StateKey => string.Join(' ', output);

        public IReadOnlyList<int> Output => output;

        public bool HasEnded => false;

        public void Advance() => output.Add(chance.Categorical([1, 1, outside() % 3]));
    }
}
