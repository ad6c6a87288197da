using System.Globalization;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Image embeddings that an earlier job kept of one shard, by picture: what a stage with <c>embeddingsFrom</c> takes instead of running its image
/// tower. Memory: 24 bytes a sample of the shard. Safe for concurrent use.
/// </summary>
public sealed class EarlierEmbeddings : IDisposable
{
    private readonly Dictionary<UInt128, long> _rows;
    private readonly HalfNpyReader? _reader;

    private EarlierEmbeddings(Dictionary<UInt128, long> rows, HalfNpyReader? reader) => (_rows, _reader) = (rows, reader);

    /// <summary>Opens what a score part and its embeddings hold.</summary>
    /// <param name="scores">Path of the part; null for a shard that the earlier job did not see.</param>
    /// <param name="embeddings">Path of the array.</param>
    /// <param name="dimension">Values that a row must have.</param>
    /// <exception cref="InvalidDataException">The two do not belong together.</exception>
    public static EarlierEmbeddings Open(string? scores, string embeddings, int dimension)
    {
        if (scores is null)
        {
            return new EarlierEmbeddings([], null);
        }

        var opened = HalfNpy.Open(embeddings);
        var reader = opened.Ok ? opened.Value : throw new InvalidDataException(opened.Fault!.ToString());
        try
        {
            using var part = ScorePartReader.OpenOrThrow(scores);
            if (part.Rows != reader.Rows || reader.Dimension != dimension || part.Schema.TagIndex(DedupOptions.Sha256Tag) < 0)
            {
                throw new InvalidDataException(
                    $"stages[].embeddingsFrom: {embeddings} ({reader.Rows} x {reader.Dimension}) does not go with {scores} ({part.Rows} rows) and an image tower of {dimension}; run that job again with keepEmbeddings.");
            }

            return new EarlierEmbeddings(Rows(part), reader);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>The first half of a picture's sha256, by which it is known here.</summary>
    public static UInt128 NameOf(string sha256) => UInt128.Parse(sha256.AsSpan(0, 32), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>The embedding of a picture; null where there is none.</summary>
    /// <param name="sha256">Of the image file, lower-case hex.</param>
    public Half[]? Find(string sha256)
    {
        if (_reader is null || !_rows.TryGetValue(NameOf(sha256), out var index))
        {
            return null;
        }

        var row = new Half[_reader.Dimension];
        _reader.ReadAt(index, row);
        return Array.TrueForAll(row, Half.IsFinite) ? row : null;
    }

    /// <inheritdoc />
    public void Dispose() => _reader?.Dispose();

    private static Dictionary<UInt128, long> Rows(ScorePartReader part)
    {
        var rows = new Dictionary<UInt128, long>();
        foreach (var batch in part.ReadColumns(DedupOptions.Sha256Tag))
        {
            foreach (var (i, sha256) in batch.Text(DedupOptions.Sha256Tag).Index())
            {
                if (sha256 is not null)
                {
                    // Equal pictures have equal embeddings, but for the last bits, which a batch may change: always the first.
                    rows.TryAdd(NameOf(sha256), batch.FirstRow + i);
                }
            }
        }

        return rows;
    }
}
