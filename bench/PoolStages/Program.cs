// The arithmetic of the stages over a whole pool: k-means and assignment (image-cluster-filter, SemDeDup), SemDeDup within clusters, synset labels.
//   dotnet run -c Release --project bench/PoolStages [-- embeddings] [-- clusters] [-- dictionary folder]
using System.Diagnostics;
using System.Globalization;
using Orchestrator.Bench.PoolStages;
using Orchestrator.Data.Formats;
using Orchestrator.Domain.Curation.Dedup;
using Orchestrator.Domain.Curation.Synsets;

const int Dimension = 512;
var rows = int.Parse(args.ElementAtOrDefault(0) ?? "100000", CultureInfo.InvariantCulture);
var clusters = int.Parse(args.ElementAtOrDefault(1) ?? "500", CultureInfo.InvariantCulture);
var words = args.ElementAtOrDefault(2) ?? Path.Combine("samples", "wordnet-demo");
Console.WriteLine($"{rows:N0} embeddings of {Dimension}, {clusters:N0} clusters, {Environment.ProcessorCount} processors");
var source = new SyntheticEmbeddings(rows, Dimension);

var making = Time("make rows", rows, () => source.Open().Count());
foreach (var spherical in (bool[])[true, false])
{
    Time($"k-means, 3 iterations, {(spherical ? "cosine" : "l2")}", 3L * rows, () => KMeans.Train(source, clusters, 3, 1, spherical).Centroids.Count);
}

var centroids = KMeans.Train(source, clusters, 1, 1).Centroids;
var assigned = new List<(float[] Row, int Cluster)>();
var assigning = Time("assign", rows, () =>
{
    assigned = [.. KMeans.Assign(source.Open().Select(r => (r.ToArray(), r)), new NearestCentroid(centroids), Dimension, CancellationToken.None).Select(a => (a.Item, a.Cluster))];
    return assigned.Count;
});
var work = 2.0 * rows * clusters * Dimension / (assigning - making) / 1e9;
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"",34}{work,10:F1} billion multiplications and additions a second"));
Time("SemDeDup within clusters", rows, () => assigned.GroupBy(a => a.Cluster)
    .Sum(c => SemDeDup.Judge([.. c.SelectMany(a => a.Row)], Dimension, 0, 0.05).Count(of => of >= 0)));

var read = WordNetNouns.Read(Path.GetFullPath(words), "dictionary");
if (!read.Ok)
{
    Console.WriteLine(read.Fault);
    return 1;
}

var labeller = new SynsetLabeller(read.Value, synonyms: false);
string[] captions = ["a photo of two red circles on a white background", "An image showing a large striped square, left of a small blue star.", "we see three hearts in a row from left to right"];
Time("synset labels of captions", 300_000, () => Enumerable.Range(0, 300_000).Sum(i => labeller.Label(captions[i % 3]).Count));
return 0;

static double Time(string what, long items, Func<int> run)
{
    var (start, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
    var result = run();
    var (seconds, busy) = (Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-34}{seconds,9:F2} s {busy,9:F2} s of processor {items / busy,14:N0} rows/s of processor  ({result:N0})"));
    return busy;
}
