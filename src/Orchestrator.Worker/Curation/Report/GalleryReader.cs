using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Data.WebDataset;
using Orchestrator.Inference.Images;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>
/// Fetches the rows and small pictures of chosen samples: whole rows from the row groups that hold them, images from the input
/// shards, whose other members are passed over. Work and memory follow from how many are chosen, not from the pool.
/// </summary>
/// <param name="parts">Paths of the final parts, in the order of the plan.</param>
/// <param name="decision">The plan.</param>
/// <param name="storage">Where the input shards are.</param>
internal sealed class GalleryReader(IReadOnlyList<string> parts, CurationDecision decision, JobStorage storage)
{
    private readonly ImageDecoder _decoder = new();

    /// <summary>Cards of the places.</summary>
    public IReadOnlyDictionary<SamplePlace, GalleryCard> Read(IEnumerable<SamplePlace> places, CancellationToken cancellationToken)
    {
        var cards = new Dictionary<SamplePlace, GalleryCard>();
        foreach (var group in places.Distinct().GroupBy(p => p.Part).OrderBy(g => g.Key))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var reader = ScorePartReader.OpenOrThrow(parts[group.Key]);
            var rows = reader.ReadRowsAt(group.Select(p => p.Row).ToHashSet()).ToDictionary();
            var pictures = ReadPictures(decision.Parts[group.Key], rows.Values, cancellationToken);
            foreach (var (at, row) in rows)
            {
                cards[new SamplePlace(group.Key, at)] = new GalleryCard(row, pictures.GetValueOrDefault(row.Row));
            }
        }

        return cards;
    }

    // Whoever cannot see an input shard any more still gets a report: publishing must not hang on a picture.
    private Dictionary<long, byte[]> ReadPictures(DecidedPart part, IReadOnlyCollection<ScoreRow> rows, CancellationToken cancellationToken)
    {
        var pictures = new Dictionary<long, byte[]>();
        var wanted = rows.ToDictionary(r => r.Row);
        var resolved = storage.Resolve(part.Source.Path, "input.shards");
        if (!resolved.Ok || !SourceShard.TryOpen(storage, part.Source with { Path = resolved.Value }, new TarReadOptions { Wanted = wanted.ContainsKey, BufferBytes = 1 << 18 }, out var reader, out _))
        {
            return pictures;
        }

        using (reader)
        {
            for (var left = wanted.Count; left > 0 && reader.TryRead(out var sample); left--)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var row = wanted[sample.Ordinal];
                if (sample.Key == row.Key && SampleIntake.FindImage(sample) is { } image && image.Data.Length == row.ImageBytes
                    && _decoder.Decode(image.Data) is { Ok: true } decoded)
                {
                    pictures[row.Row] = Thumbnail.Jpeg(decoded.Image);
                }
            }
        }

        return pictures;
    }
}
