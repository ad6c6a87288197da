using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.WebDataset;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// What a kept row becomes in an output tar. Without <c>capfilt</c> that is one sample, its members as they came, scores added to
/// its JSON, and its uid where that has none. With it, each kept text is a sample of its own, so that every reader of WebDataset trains on both: the web
/// caption under the sample's key, the synthetic one under that key with <see cref="SyntheticSuffix"/>, right behind it. The
/// synthetic one has the same picture, its caption in <c>txt</c>, and a uid derived from the sample's, since it is another pair;
/// the JSON of either lists both texts with origin, score and which of them <c>txt</c> holds.
/// </summary>
/// <param name="job">The job.</param>
internal sealed class OutputSamples(CurationJob job)
{
    /// <summary>What the key of a synthetic pair ends in.</summary>
    public const string SyntheticSuffix = "-s";

    private readonly ScoreSchema _schema = job.Schema;
    private readonly int _texts = job.Schema.TagIndex(CapFiltOptions.TextsTag);

    /// <summary>The longest that <see cref="FirstKey"/> and <see cref="Of"/> may add to a key, known before anything is decided.</summary>
    /// <param name="shard">Index of the input shard. Its part's position in a plan, of this job or of a selection, is never higher.</param>
    /// <param name="row">Ordinal of the sample.</param>
    /// <param name="synthetic">True where the job writes synthetic captions.</param>
    public static string LongestSuffix(int shard, long row, bool synthetic) => OtherKey(shard, row) + (synthetic ? SyntheticSuffix : "");

    /// <summary>Texts of a row that the output has.</summary>
    public CaptionOrigins OriginsOf(ScoreRow row) => _texts < 0 ? CaptionOrigins.Web : CapFiltRule.OriginsOf(row.Tags[_texts]);

    /// <summary>
    /// Key of the first sample that a row becomes. Two neighbours with one key would read back as one sample; a row takes another
    /// key where either of its two could be either of the row before.
    /// </summary>
    /// <param name="row">The row.</param>
    /// <param name="part">Its part's position in the plan.</param>
    /// <param name="previous">Key of the kept row before; null for none.</param>
    public string FirstKey(ScoreRow row, int part, string? previous)
    {
        var suffix = OriginsOf(row) == CaptionOrigins.Synthetic ? SyntheticSuffix : "";
        var first = row.Key + suffix;
        return row.Key == previous || (_texts >= 0 && (first == previous || first == previous + SyntheticSuffix)) ? row.Key + OtherKey(part, row.Row) + suffix : first;
    }

    /// <summary>The samples of a kept row, as rows whose text, key and uid are those of the sample.</summary>
    public IReadOnlyList<ScoreRow> Of(ScoreRow row) => OriginsOf(row) switch
    {
        _ when _texts < 0 => [row],
        CaptionOrigins.Web => [Web(row)],
        CaptionOrigins.Synthetic => [Synthetic(row, row.OutputKey!)],
        _ => [Web(row), Synthetic(row, row.OutputKey + SyntheticSuffix)],
    };

    /// <summary>The members of one of them.</summary>
    /// <param name="source">The sample as read.</param>
    /// <param name="row">Its kept row.</param>
    /// <param name="sample">One of <see cref="Of"/>.</param>
    public IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Members(WebSample source, ScoreRow row, ScoreRow sample)
    {
        var synthetic = OriginsOf(sample) == CaptionOrigins.Synthetic;
        foreach (var member in source.Members)
        {
            yield return KeyValuePair.Create(
                member.Extension,
                member.Extension == "json" ? Json(member.Data.Span, member.Name, row, sample)
                : member.Extension == "txt" && synthetic ? Encoding.UTF8.GetBytes(sample.Text!)
                : member.Data);
        }

        if (!source.TryGet("json", out _))
        {
            yield return KeyValuePair.Create("json", Json("{}"u8, "json", row, sample));
        }
    }

    private static string OtherKey(int part, long row) => string.Create(CultureInfo.InvariantCulture, $"~{part}-{row}");

    private ReadOnlyMemory<byte> Json(ReadOnlySpan<byte> json, string name, ScoreRow row, ScoreRow sample)
    {
        var scores = _schema.Signals.Zip(row.Signals, (signal, value) => KeyValuePair.Create(signal, value ?? float.NaN)).ToList();
        var added = new List<AddedMember> { AddedMember.Scores(scores) };
        if (_texts >= 0)
        {
            added.Add(new AddedMember("captions", writer => WriteCaptions(writer, row, OriginsOf(sample))));
        }

        return SampleJson.Add(json, added, sample.Uid, name, replacesUid: sample.Uid != row.Uid).Value;
    }

    private void WriteCaptions(Utf8JsonWriter writer, ScoreRow row, CaptionOrigins inTxt)
    {
        var kept = OriginsOf(row);
        writer.WriteStartArray();
        Write(CaptionOrigins.Web, row.Text, CapFiltOptions.WebSignal);
        Write(CaptionOrigins.Synthetic, row.Tags[_schema.TagIndex(CapFiltOptions.CaptionTag)], CapFiltOptions.SyntheticSignal);
        writer.WriteEndArray();

        void Write(CaptionOrigins origin, string? text, string signal)
        {
            if (text is null)
            {
                return;
            }

            writer.WriteStartObject();
            writer.WriteString("origin", CapFiltRule.TagOf(origin));
            writer.WriteString("text", text);
            writer.WritePropertyName("score");
            AddedMember.Write(writer, row.Signals[_schema.SignalIndex(signal)] ?? float.NaN);
            writer.WriteBoolean("kept", kept.HasFlag(origin));
            writer.WriteBoolean("txt", origin == inTxt);
            writer.WriteEndObject();
        }
    }

    private ScoreRow Web(ScoreRow row) => row with { Tags = TagsOf(row, CaptionOrigins.Web) };

    private ScoreRow Synthetic(ScoreRow row, string key) => row with
    {
        OutputKey = key,
        Text = row.Tags[_schema.TagIndex(CapFiltOptions.CaptionTag)],
        Uid = SampleUid.Derive($"{row.Uid}/synthetic").ToString(),
        Tags = TagsOf(row, CaptionOrigins.Synthetic),
    };

    private string?[] TagsOf(ScoreRow row, CaptionOrigins origin)
    {
        string?[] tags = [.. row.Tags];
        tags[_texts] = CapFiltRule.TagOf(origin);
        return tags;
    }
}
