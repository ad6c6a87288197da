using System.Globalization;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Worker.Curation.Dedup;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>Score parts with embeddings of whole numbers, as the <c>score</c> phase would have left them.</summary>
internal static class EmbeddedParts
{
    /// <param name="folder">Where the files go.</param>
    /// <param name="count">Samples, split into parts of <paramref name="partRows"/>.</param>
    /// <param name="dimension">Values of an embedding.</param>
    /// <param name="partRows">Samples of a part.</param>
    /// <param name="key">Key of a sample.</param>
    /// <param name="value">Value of a sample at an axis.</param>
    public static IReadOnlyList<DedupPart> Write(string folder, int count, int dimension, int partRows, Func<int, string> key, Func<int, int, int> value)
    {
        var parts = new List<DedupPart>();
        for (var first = 0; first < count; first += partRows)
        {
            var name = Path.Combine(folder, first.ToString(CultureInfo.InvariantCulture));
            var (scores, embeddings) = ($"{name}.parquet", $"{name}.pool.npy");
            var rows = Math.Min(partRows, count - first);
            using var file = AtomicFile.Create(embeddings);
            file.Stream.Write(HalfNpy.Header(rows, dimension));
            using var table = File.Create(scores);
            using var writer = new ScorePartWriter(table, ScoreSchema.Create([]).Value, groupRows: 500);
            for (var i = first; i < first + rows; i++)
            {
                writer.Append(new ScoreRow { Shard = "s", Row = i - first, Key = key(i), Signals = [] });
                file.Stream.Write(HalfNpy.Bytes([.. Enumerable.Range(0, dimension).Select(j => (Half)value(i, j))]));
            }

            writer.Finish();
            file.Commit();
            parts.Add(new DedupPart(scores, _ => embeddings, IsEarlier: false));
        }

        return parts;
    }
}
