using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Worker.Curation.Dedup;

/// <summary>A score part that takes part in dedup.</summary>
/// <param name="Scores">Path of the part.</param>
/// <param name="Embeddings">Path of its embeddings by signal; null where there are none.</param>
/// <param name="IsEarlier">True for a part of an earlier pool.</param>
internal sealed record DedupPart(string Scores, Func<string, string?> Embeddings, bool IsEarlier);

/// <summary>The parts of a job and, for stages that ask, of earlier pools; what dedup leaves out is no candidate any more.</summary>
/// <param name="own">Parts of the job, in order.</param>
/// <param name="candidates">Its candidates.</param>
internal sealed class DedupPool(IReadOnlyList<DedupPart> own, CandidateMap candidates)
{
    /// <summary>Candidates of the job.</summary>
    public CandidateMap Candidates => candidates;

    /// <summary>Reads the samples that a stage compares: candidates of the job, and what earlier pools kept.</summary>
    /// <param name="earlier">Parts of earlier pools.</param>
    /// <param name="options">The stage.</param>
    /// <param name="group">Group of a sample, from the text of <see cref="DedupOptions.HashTag"/>.</param>
    public IEnumerable<DedupEntry> Read(IReadOnlyList<DedupPart> earlier, DedupOptions options, Func<string, (UInt128 High, UInt128 Low)> group)
    {
        var tag = options.HashTag!;
        foreach (var (part, index, reader) in Parts(earlier))
        {
            Require(reader, part, tag, options);
            foreach (var batch in reader.ReadColumns(Columns(part, options.KeepBy, tag)))
            {
                var hashes = batch.Text(tag);
                var samples = new Samples(batch, part, options.KeepBy);
                for (var i = 0; i < batch.Count; i++)
                {
                    if (Takes(part, index, batch.FirstRow + i, samples.States[i]) && hashes[i] is { } hash)
                    {
                        yield return samples.Entry(i, group(hash), index, samples.Rank(i) ?? 0, []);
                    }
                }
            }
        }
    }

    /// <summary>As above with embeddings; group and rank are the caller's to fill in, the latter only where no score decides.</summary>
    /// <param name="earlier">Parts of earlier pools.</param>
    /// <param name="from">Signal whose stage made the embeddings.</param>
    /// <param name="keepBy">Score that gives the rank; null for none.</param>
    /// <param name="field">Field of the stage that names the earlier pools.</param>
    public IEnumerable<(DedupEntry Entry, bool HasRank)> ReadEmbeddings(IReadOnlyList<DedupPart> earlier, string from, string? keepBy, string field)
    {
        foreach (var (part, index, reader) in Parts(earlier))
        {
            using var rows = OpenEmbeddings(part, reader, from, field);
            foreach (var batch in reader.ReadColumns(Columns(part, keepBy, null)))
            {
                var samples = new Samples(batch, part, keepBy);
                for (var i = 0; i < batch.Count; i++)
                {
                    var embedding = new Half[rows.Dimension];
                    rows.Read(embedding);
                    if (Takes(part, index, batch.FirstRow + i, samples.States[i]) && !Half.IsNaN(embedding[0]))
                    {
                        var rank = samples.Rank(i);
                        yield return (samples.Entry(i, default, index, rank ?? 0, embedding), rank is not null);
                    }
                }
            }
        }
    }

    /// <summary>Input shard of a part that has rows.</summary>
    public string ShardOf(int part, IReadOnlyList<DedupPart> earlier)
    {
        using var reader = ScorePartReader.OpenOrThrow(part < own.Count ? own[part].Scores : earlier[part - own.Count].Scores);
        return reader.ReadColumns(ScoreColumn.Shard).First().Text(ScoreColumn.Shard)[0]!;
    }

    private static HalfNpyReader OpenEmbeddings(DedupPart part, ScorePartReader reader, string from, string field)
    {
        if (part.Embeddings(from) is not { } path)
        {
            throw new InvalidDataException(
                $"stages[].{field}: {part.Scores} has no image embeddings '{from}' beside it; run that job again with keepEmbeddings on the stage '{from}'.");
        }

        var opened = HalfNpy.Open(path);
        if (!opened.Ok)
        {
            throw new InvalidDataException(opened.Fault!.ToString());
        }

        if (opened.Value.Rows == reader.Rows)
        {
            return opened.Value;
        }

        opened.Value.Dispose();
        throw new InvalidDataException($"{path} has {opened.Value.Rows} rows and {part.Scores} {reader.Rows}; they are not of the same shard.");
    }

    private static void Require(ScorePartReader reader, DedupPart part, string tag, DedupOptions options)
    {
        if (reader.Schema.TagIndex(tag) < 0)
        {
            throw new InvalidDataException($"stages[].against: {part.Scores} has no column '{tag}'; run that job again with a dedup stage of method {options.MethodName}.");
        }
    }

    private static string[] Columns(DedupPart part, string? keepBy, string? tag) =>
        [ScoreColumn.State, ScoreColumn.Key, ScoreColumn.Row, .. tag is null ? (string[])[] : [tag], .. part.IsEarlier || keepBy is null ? (string[])[] : [keepBy]];

    private IEnumerable<(DedupPart Part, int Index, ScorePartReader Reader)> Parts(IReadOnlyList<DedupPart> earlier)
    {
        for (var i = 0; i < own.Count + earlier.Count; i++)
        {
            var part = i < own.Count ? own[i] : earlier[i - own.Count];
            using var reader = ScorePartReader.OpenOrThrow(part.Scores);
            yield return (part, i, reader);
        }
    }

    private bool Takes(DedupPart part, int index, long position, string? state) => part.IsEarlier
        ? state is SampleStates.Kept
        : candidates[index, position];

    /// <summary>The columns of a batch.</summary>
    private sealed class Samples(ScoreBatch batch, DedupPart part, string? keepBy)
    {
        private readonly string?[] _keys = batch.Text(ScoreColumn.Key);
        private readonly long[] _rows = batch.Int64(ScoreColumn.Row);
        private readonly float[]? _scores = part.IsEarlier || keepBy is null ? null : batch.Signal(keepBy);

        public string?[] States { get; } = batch.Text(ScoreColumn.State);

        /// <summary>Best score first, samples without one last; null where no score decides.</summary>
        public float? Rank(int i) => keepBy is null ? null : _scores is null || !float.IsFinite(_scores[i]) ? float.PositiveInfinity : -_scores[i] + 0f;

        public DedupEntry Entry(int i, (UInt128 High, UInt128 Low) group, int index, float rank, Half[] embedding) =>
            new(group, part.IsEarlier, rank, _keys[i]!, index, batch.FirstRow + i, _rows[i], embedding);
    }
}
