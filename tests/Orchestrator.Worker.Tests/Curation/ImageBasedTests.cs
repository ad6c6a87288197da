using System.Globalization;
using System.Text.Json;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Curation.Dedup;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>Against <c>Vectors/make_image_based.py</c>, which runs DataComp's own functions on the same embeddings.</summary>
public sealed class ImageBasedTests : IDisposable
{
    private static readonly JsonElement Vectors = Load();

    private readonly string _folder = Directory.CreateTempSubdirectory("image-based-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("given", 3000, "<f4")]
    [InlineData("given", 700, "<f2")]
    [InlineData("made", 3000, "<f4")]
    [InlineData("made", 1100, "<f8")]
    public void Run_ThreeThousandEmbeddings_KeepsWhatDataCompKeeps(string centroids, int partRows, string type)
    {
        var (count, clusters) = (Whole("n"), Whole("clusters"));
        var parts = Pool(count, partRows);
        var reference = Array("reference.npy", 2, Whole("reference"), type);
        var options = new ImageClusterFilterOptions(
            "clip", reference, centroids == "given" ? Array("centroids.npy", 3, clusters, type) : null, centroids == "given" ? null : clusters, Whole("iterations"), false);
        var pool = new DedupPool(parts, CandidateMap.Read([.. parts.Select(p => p.Scores)], TestContext.Current.CancellationToken));
        using var notes = new PoolNotes(_folder);
        using var storage = new JobStorage(new AllowedRoots([_folder]));
        using var pins = new SpoolPins();
        var found = new PoolImageClusters(pool, notes, storage, pins, Whole("seed")).Run(options, TestContext.Current.CancellationToken);

        var expected = Vectors.GetProperty(centroids).GetProperty("kept").EnumerateArray().Select(i => i.GetInt32()).ToArray();
        var matched = Vectors.GetProperty(centroids).GetProperty("matched").GetInt32();
        Assert.Equal(expected, Enumerable.Range(0, count).Where(i => pool.Candidates[i / partRows, i % partRows]));
        Assert.Equal(new DecidedImageClusters("clip", clusters, matched, Whole("reference"), count, count - expected.Length), found);
        Assert.Equal(
            Enumerable.Range(0, count).Except(expected), notes.Sorted().Select(n => (int)((n.Part * partRows) + n.Note.Row)));
    }

    [Theory]
    [InlineData("missing.npy", "stages[].reference", "cannot be read")]
    [InlineData("text.npy", "not a NumPy array", "numpy.save")]
    [InlineData("narrow.npy", "rows have 3 values and the embeddings of 'clip' 16", "same model")]
    [InlineData("empty.npy", "has no rows", "at least one")]
    [InlineData("nan.npy", "row 0 holds a value that is not finite", "leave such rows out")]
    [InlineData("/elsewhere.npy", "stages[].reference", "")]
    public void Run_AReferenceThatIsNone_SaysWhatIsWrongAndWhatToDo(string name, string problem, string remedy)
    {
        File.WriteAllText(Path.Combine(_folder, "text.npy"), "just a line of text that is long enough");
        File.WriteAllBytes(Path.Combine(_folder, "narrow.npy"), [.. HalfNpy.Header(1, 3), .. new byte[6]]);
        File.WriteAllBytes(Path.Combine(_folder, "empty.npy"), HalfNpy.Header(0, 16));
        File.WriteAllBytes(Path.Combine(_folder, "nan.npy"), [.. HalfNpy.Header(1, 16), .. HalfNpy.Bytes([.. Enumerable.Repeat(Half.NaN, 16)]).ToArray()]);
        var parts = Pool(10, 10);
        var pool = new DedupPool(parts, CandidateMap.Read([.. parts.Select(p => p.Scores)], TestContext.Current.CancellationToken));
        using var notes = new PoolNotes(_folder);
        using var storage = new JobStorage(new AllowedRoots([_folder]));
        using var pins = new SpoolPins();
        var stage = new PoolImageClusters(pool, notes, storage, pins, 1);
        var options = new ImageClusterFilterOptions("clip", Path.Combine(_folder, name), null, 2, 2, false);
        var error = Assert.Throws<InvalidDataException>(() => stage.Run(options, TestContext.Current.CancellationToken));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
    }

    private static int Whole(string name) => Vectors.GetProperty(name).GetInt32();

    // The same whole numbers as in the script.
    private static int Value(int stream, int i, int j) => (int)(SampleChance.Bits(Whole("seed"), (ulong)stream, (ulong)i, (ulong)j) % 2001) - 1000;

    private static JsonElement Load()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Curation", "Vectors", "image_based.json")));
        return json.RootElement.Clone();
    }

    private string Array(string name, int stream, int rows, string type)
    {
        var header = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({rows}, {Whole("d")}), }}").PadRight(117) + "\n";
        var path = Path.Combine(_folder, name);
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write([0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. System.Text.Encoding.ASCII.GetBytes(header)]);
        for (var i = 0; i < rows * Whole("d"); i++)
        {
            var value = Value(stream, i / Whole("d"), i % Whole("d"));
            if (type == "<f2")
            {
                writer.Write((Half)value);
            }
            else if (type == "<f4")
            {
                writer.Write((float)value);
            }
            else
            {
                writer.Write((double)value);
            }
        }

        return path;
    }

    private IReadOnlyList<DedupPart> Pool(int count, int partRows) => EmbeddedParts.Write(
        _folder, count, Whole("d"), partRows, i => i.ToString("D5", CultureInfo.InvariantCulture), (i, j) => Value(1, i, j));
}
