using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Domain.Tests.Curation.Selection;

public sealed class GlobalCutTests
{
    // Small enough that the radix search over keys runs on every tie of more than three.
    private const int FewCandidates = 3;

    [Property(MaxTest = 200)]
    public Property TopCount_IsTheHeadOfAFullSort() => Prop.ForAll(Pool.Arbitrary, Gen.Choose(0, 70).ToArbitrary(), Gen.Elements(1, FewCandidates, 1000).ToArbitrary(), (pool, count, candidates) =>
    {
        var cut = GlobalCut.Find(pool, new CutRule.TopCount(count), candidates);
        var expected = pool.Sorted().Take(count).ToList();

        Assert.Equal(expected.Order(ByPlace), pool.Kept(cut).Order(ByPlace));
        Assert.Equal(expected.Count, cut.Selected);
        Assert.Equal(pool.Sorted().Count, cut.Eligible);
    });

    [Property(MaxTest = 200)]
    public Property TopFraction_KeepsExactlyTheFloor() => Prop.ForAll(Pool.Arbitrary, Gen.Choose(0, 100).ToArbitrary(), (pool, percent) =>
    {
        var sorted = pool.Sorted();
        var count = sorted.Count * percent / 100;
        var cut = GlobalCut.Find(pool, new CutRule.TopFraction(percent / 100.0), FewCandidates);

        Assert.Equal(sorted.Take(count).Order(ByPlace), pool.Kept(cut).Order(ByPlace));
        Assert.Equal(count, cut.Selected);
    });

    [Property(MaxTest = 200)]
    public Property DatacompFraction_KeepsAllFromTheThresholdUp() => Prop.ForAll(Pool.Arbitrary, Gen.Choose(0, 100).ToArbitrary(), (pool, percent) =>
    {
        var sorted = pool.Sorted();
        var index = (int)(sorted.Count * (percent / 100.0));
        var expected = index >= sorted.Count ? sorted : sorted.Where(s => s.Score >= sorted[index].Score);
        var cut = GlobalCut.Find(pool, new CutRule.DatacompFraction(percent / 100.0));

        Assert.Equal(expected.Order(ByPlace), pool.Kept(cut).Order(ByPlace));
        Assert.Equal(expected.Count(), cut.Selected);
        Assert.Equal(0, pool.KeysRead);
    });

    [Property(MaxTest = 200)]
    public Property AtLeast_KeepsFiniteScoresFromTheMinimumUp() => Prop.ForAll(Pool.Arbitrary, ArbMap.Default.GeneratorFor<double>().Where(d => !double.IsNaN(d)).ToArbitrary(), (pool, minimum) =>
    {
        var expected = pool.Samples.Where(s => float.IsFinite(s.Score) && s.Score >= (float)minimum).ToList();
        var cut = GlobalCut.Find(pool, new CutRule.AtLeast(minimum));

        Assert.Equal(expected, pool.Kept(cut));
        Assert.Equal(expected.Count, cut.Selected);
    });

    [Property(MaxTest = 150)]
    public Property Cut_DoesNotDependOnOrderOrChunking() => Prop.ForAll(Pool.Arbitrary, Gen.Choose(0, 60).ToArbitrary(), Gen.Choose(1, 40).ToArbitrary(), (pool, count, chunkSize) =>
    {
        var rule = new CutRule.TopCount(count);
        var cut = GlobalCut.Find(pool, rule, FewCandidates);

        Assert.Equal(cut, GlobalCut.Find(pool.Rechunked(chunkSize), rule));
        Assert.Equal(cut, GlobalCut.Find(pool.Shuffled(chunkSize), rule, 1));
    });

    [Property(MaxTest = 150)]
    public Property Cut_OfDistinctKeys_DoesNotDependOnTheDivisionIntoParts() => Prop.ForAll(Pool.Arbitrary, Gen.Choose(0, 60).ToArbitrary(), Gen.Choose(1, 40).ToArbitrary(), (pool, count, partSize) =>
    {
        var distinct = pool.Samples.Select((s, i) => (s.Score, s.Key + i)).ToList();
        var rule = new CutRule.TopCount(count);

        string[] Keys(Pool p) => [.. p.Kept(GlobalCut.Find(p, rule, FewCandidates)).Select(s => s.Key)];

        Assert.Equal(Keys(Pool.Of(distinct)), Keys(Pool.Of(distinct, partSize, 3)));
    });

    [Fact]
    public void TopFraction_OfADecimalFraction_IsNotOneShort()
    {
        var pool = Pool.Of([.. Enumerable.Range(0, 100).Select(i => ((float)i, $"{i}"))]);

        Assert.Equal(29, GlobalCut.Find(pool, new CutRule.TopFraction(0.29)).Selected);
        Assert.Equal(29, GlobalCut.Find(pool, new CutRule.DatacompFraction(0.29)).Selected);
        Assert.Equal(31, GlobalCut.Find(pool, new CutRule.DatacompFraction(0.30)).Selected);
    }

    [Fact]
    public void Find_WithoutTiesAtTheBoundary_ReadsNoKeyAndReadsTwice()
    {
        var pool = Pool.Of([.. Enumerable.Range(0, 1000).Select(i => (i * 0.001f, $"{i}"))], 100, 7);
        var cut = GlobalCut.Find(pool, new CutRule.TopFraction(0.3));

        Assert.Equal((300, 0, 2), (cut.Selected, pool.KeysRead, pool.Readings));
        Assert.Null(cut.Last);
    }

    [Fact]
    public void Find_OneScoreAndLongCommonKeys_StepsOverWhatIsCommon()
    {
        var prefix = new string('p', 700);
        var pool = Pool.Of([.. Enumerable.Range(0, 2000).Select(i => (0.5f, $"{prefix}{(i * 7) % 2000:0000}"))], 64, 64);
        var cut = GlobalCut.Find(pool, new CutRule.TopCount(777), 50);

        Assert.Equal($"{prefix}0776", cut.Last?.Key);
        Assert.Equal(777, pool.Kept(cut).Count);
        Assert.InRange(pool.Readings, 3, 6);
    }

    [Fact]
    public void Find_OneScoreAndOneKey_GoesByPartThenRow()
    {
        var pool = Pool.Of([.. Enumerable.Range(0, 3000).Select(_ => (0.5f, "same"))], 700, 100).Shuffled(3);
        var cut = GlobalCut.Find(pool, new CutRule.TopCount(1500), 10);

        Assert.Equal(new LastTie("same", 2, 99), cut.Last);
        Assert.Equal(1500, pool.Kept(cut).Count);
    }

    [Fact]
    public void Cut_TravelsAsJson()
    {
        SelectionCut[] cuts =
        [
            GlobalCut.Find(Pool.Of([(1f, "a"), (1f, "b")]), new CutRule.TopCount(1)),
            GlobalCut.Find(Pool.Of([]), new CutRule.TopCount(1)),
            GlobalCut.Find(Pool.Of([(1f, "a")]), new CutRule.AtLeast(double.NegativeInfinity)),
        ];

        Assert.Equal([CutKind.At, CutKind.None, CutKind.All], cuts.Select(c => c.Kind));
        Assert.Equal(cuts, System.Text.Json.JsonSerializer.Deserialize<SelectionCut[]>(System.Text.Json.JsonSerializer.Serialize(cuts)));
    }

    [Fact]
    public void Find_RowsThatShareTheirPlace_AreABugThatShows()
    {
        var chunk = new ScoreChunk(0, 0, new float[] { 1 }, _ => "k");

        Assert.Throws<InvalidOperationException>(() => GlobalCut.Find(new Repeated(chunk), new CutRule.TopCount(1), 1));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.5)]
    [InlineData(double.NaN)]
    public void Find_FractionOutsideTheUnitInterval_Throws(double fraction)
    {
        var pool = Pool.Of([(1f, "a")]);

        Assert.Throws<ArgumentOutOfRangeException>(() => GlobalCut.Find(pool, new CutRule.TopFraction(fraction)));
        Assert.Throws<ArgumentOutOfRangeException>(() => GlobalCut.Find(pool, new CutRule.DatacompFraction(fraction)));
    }

    [Fact]
    public void Find_Cancelled_Stops()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();

        Assert.Throws<OperationCanceledException>(() => GlobalCut.Find(Pool.Of([(1f, "a")]), new CutRule.TopCount(1), cancellationToken: source.Token));
    }

    private static readonly Comparer<Scored> ByPlace = Comparer<Scored>.Create((a, b) => (a.Part, a.Row).CompareTo((b.Part, b.Row)));

    private sealed class Repeated(ScoreChunk chunk) : IScoreSource
    {
        public IEnumerable<ScoreChunk> Open() => [chunk, chunk, chunk];
    }
}
