using Orchestrator.Samples.PoolGenerator.Captions;
using Orchestrator.Samples.PoolGenerator.Shards;

namespace Orchestrator.Samples.PoolGenerator;

/// <summary>What a curation made of a sample of the pool.</summary>
/// <param name="Key">The sample's key.</param>
/// <param name="InOutput">True where it was kept.</param>
/// <param name="WebKept">True where its own caption passed the filter, whatever became of the sample later.</param>
/// <param name="SyntheticKept">The written caption, where it passed the filter; else null.</param>
/// <param name="Dfn">Score of the data filtering network; NaN where models did not see the sample.</param>
public sealed record CuratedSample(string Key, bool InOutput, bool WebKept, string? SyntheticKept, float Dfn);

/// <summary>So many of so many.</summary>
public sealed record ShareOf(int Count, int All)
{
    /// <summary>In [0, 1]; 1 of nothing.</summary>
    public double Value => All == 0 ? 1 : (double)Count / All;
}

/// <summary>How well a curation with model stages did, by the pool's truth.</summary>
/// <param name="Web">Pairs of the output with the web caption that are usable (<see cref="TruthLine.Usable"/>), of all such pairs.</param>
/// <param name="Found">Pictures with a usable pair in the pool of which the output has one, a picture and its duplicates counting once.</param>
/// <param name="Synthetic">Pairs of the output with a written caption that is true, of all such pairs.</param>
/// <param name="SwappedRemoved">Swapped captions that the filter removed, of those that it saw.</param>
/// <param name="AddedTrue">Written captions that passed the filter and are true, of those that passed.</param>
/// <param name="TopTrue">Usable pairs among the best 15 % by the data filtering network.</param>
public sealed record CurationVerdict(ShareOf Web, ShareOf Found, ShareOf Synthetic, ShareOf SwappedRemoved, ShareOf AddedTrue, ShareOf TopTrue)
{
    private const double TopFraction = 0.15;

    /// <param name="truth">Every line of the pool's <c>truth.jsonl</c>.</param>
    /// <param name="curated">Every sample of the pool.</param>
    /// <exception cref="KeyNotFoundException">A key is not in the pool: the truth of another pool was given.</exception>
    public static CurationVerdict Of(IEnumerable<TruthLine> truth, IReadOnlyList<CuratedSample> curated)
    {
        var lines = truth.ToDictionary(l => l.Key, StringComparer.Ordinal);
        var samples = curated.Select(c => (Sample: c, Line: lines[c.Key])).ToList();
        var web = samples.Where(s => s.Sample is { InOutput: true, WebKept: true }).ToList();
        var synthetic = samples.Where(s => s.Sample.SyntheticKept is not null).ToList();
        var seen = samples.Where(s => !float.IsNaN(s.Sample.Dfn)).ToList();
        var top = seen.OrderByDescending(s => s.Sample.Dfn).ThenBy(s => s.Sample.Key, StringComparer.Ordinal).Take((int)(TopFraction * seen.Count)).ToList();
        var pictures = lines.Values.Where(l => l.Usable).Select(PictureOf).ToHashSet(StringComparer.Ordinal);
        var found = web.Where(s => s.Line.Usable).Select(s => PictureOf(s.Line)).ToHashSet(StringComparer.Ordinal);
        return new(
            Share(web, s => s.Line.Usable),
            new(found.Count, pictures.Count),
            Share(synthetic.Where(s => s.Sample.InOutput), IsTrue),
            Share(seen.Where(s => s.Line.Defect == DefectKind.SwappedCaption), s => !s.Sample.WebKept),
            Share(synthetic, IsTrue),
            Share(top, s => s.Line.Usable));
    }

    private static bool IsTrue((CuratedSample Sample, TruthLine Line) s) => CaptionTruth.IsTrue(s.Sample.SyntheticKept!, s.Line.Scene);

    private static string PictureOf(TruthLine line) => line.DuplicateOf ?? line.Key;

    private static ShareOf Share<T>(IEnumerable<T> all, Func<T, bool> counts)
    {
        var list = all.ToList();
        return new(list.Count(counts), list.Count);
    }
}
