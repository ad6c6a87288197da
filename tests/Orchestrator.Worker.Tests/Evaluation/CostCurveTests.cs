using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Worker.Evaluation;

namespace Orchestrator.Worker.Tests.Evaluation;

public sealed class CostCurveTests
{
    /// <summary>A forward over n rows is measured behind the context, not behind the rows of the forwards before it.</summary>
    [Fact]
    public void MeasuredForwards_PassOverFewDeadRows()
    {
        var opened = new List<CountingSequence>();

        var curve = CostCurve.Measure(
            () =>
            {
                opened.Add(new CountingSequence());
                return opened[^1];
            },
            TimeProvider.System,
            TestContext.Current.CancellationToken);

        Assert.Equal(VerifyCurve.MostRows, curve.Microseconds.Count);
        Assert.InRange(opened.Max(sequence => sequence.MostDead), 1, CostCurve.BorneDead);
        Assert.All(opened, sequence => Assert.True(sequence.IsDisposed));
        Assert.All(opened, sequence => Assert.Equal(curve.Context, sequence.Length));
    }

    /// <summary>Counts rows as a cache on a device has them: none is ever removed.</summary>
    private sealed class CountingSequence : ICausalSequence
    {
        private int rows;

        public int MostDead { get; private set; }

        public bool IsDisposed { get; private set; }

        public int VocabularySize => 100;

        public int Length { get; private set; }

        public int Capacity => int.MaxValue;

        public ILogitRows Prefill(ReadOnlySpan<int> prompt)
        {
            rows = Length = prompt.Length;
            return null!;
        }

        public ILogitRows Forward(TokenTree tree)
        {
            MostDead = Math.Max(MostDead, rows - Length);
            rows += tree.Count;
            return null!;
        }

        public void Keep(ReadOnlySpan<int> path) => Length += 1 + path.Length;

        public void Rewind(int length) => Length = length;

        public void Dispose() => IsDisposed = true;
    }
}
