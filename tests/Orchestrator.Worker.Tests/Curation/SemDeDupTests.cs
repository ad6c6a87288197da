using System.Globalization;
using System.Text.Json;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Curation.Dedup;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>Against <c>Vectors/make_semdedup.py</c>: k-means and SemDeDup over whole matrices in NumPy.</summary>
public sealed class SemDeDupTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("semdedup-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(5000)]
    [InlineData(1234)]
    public void Run_FiveThousandEmbeddings_ChoosesAsTheDirectComputation(int partRows)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Curation", "Vectors", "semdedup.json")));
        var vectors = json.RootElement;
        int Whole(string name) => vectors.GetProperty(name).GetInt32();
        var (count, seed) = (Whole("n"), Whole("seed"));
        var expected = vectors.GetProperty("of").EnumerateArray().Select(o => o.GetInt32()).ToArray();

        var parts = EmbeddedParts.Write(_folder, count, Whole("d"), partRows, i => Key(i, count), (i, j) => Value(seed, i, j));
        var pool = new DedupPool(parts, CandidateMap.Read([.. parts.Select(p => p.Scores)], TestContext.Current.CancellationToken));
        using var notes = new PoolNotes(_folder);
        var options = new DedupOptions(
            DedupMethod.Embedding, 0, "clip", Whole("clusters"), Whole("iterations"), vectors.GetProperty("epsilon").GetDouble(), null, []);
        var found = new PoolDedup(pool, notes, _folder, seed).Run(options, null, TestContext.Current.CancellationToken);

        Assert.Equal((count, expected.Count(o => o >= 0)), (found.Compared, found.Duplicates));
        for (var i = 0; i < count; i++)
        {
            Assert.True((expected[i] >= 0) == !pool.Candidates[i / partRows, i % partRows], $"embedding {i}");
        }

        // Who stands for whom is read back from the notes.
        Assert.Equal(
            expected.Select((of, i) => (of, i)).Where(p => p.of >= 0).Select(p => (p.i, Key(p.of, count))).Order(),
            notes.Sorted().Select(n => ((int)((n.Part * partRows) + n.Note.Row), n.Note.Reason)).Order());
    }

    private static string Key(int i, int count) => (i * 31 % count).ToString("D5", CultureInfo.InvariantCulture);

    // The same whole numbers as in the script.
    private static int Value(int seed, int i, int j)
    {
        int Near(ulong stream, int name) => (int)(SampleChance.Bits(seed, stream, (ulong)name, (ulong)j) % 2001) - 1000;
        var amplitude = (i % 3) switch { 0 => 0, 1 => 400, _ => 1200 };
        return (Near(1, i * 7919 % 1000) * 4) + (int)Math.Floor(Near(2, i) * amplitude / 1000.0);
    }

    [Fact]
    public void ValuesOf_AClusterThatNoArrayHolds_AsksForMoreClusters()
    {
        Assert.Equal(4_000_000 * 512, PoolDedup.ValuesOf(4_000_000, 512));
        var trouble = Assert.Throws<InvalidDataException>(() => PoolDedup.ValuesOf(4_200_000, 512));
        Assert.Contains("stages[].clusters: one cluster has 4,200,000 samples", trouble.Message, StringComparison.Ordinal);
        Assert.Contains("give more clusters", trouble.Message, StringComparison.Ordinal);
    }
}
