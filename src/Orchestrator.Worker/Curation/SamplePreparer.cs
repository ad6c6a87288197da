using System.Globalization;
using System.Security.Cryptography;
using Orchestrator.Data.Formats;
using Orchestrator.Data.WebDataset;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Inference.Images;

namespace Orchestrator.Worker.Curation;

/// <summary>What a sample looks like once the CPU side is done with it.</summary>
public sealed class PreparedSample
{
    /// <summary>Key in its shard.</summary>
    public required string Key { get; init; }

    /// <summary>Position in its shard, from 0.</summary>
    public required long Ordinal { get; init; }

    /// <summary>Set unless the sample's members were at fault.</summary>
    public SampleUid Uid { get; init; }

    /// <summary>The caption, where it could be read.</summary>
    public string? Text { get; init; }

    /// <summary>Bytes of the encoded image; 0 where there is none.</summary>
    public long ImageBytes { get; init; }

    /// <summary>The image's own width and height, where its header could be read.</summary>
    public (int Width, int Height)? Size { get; init; }

    /// <summary>Scores by signal, NaN where there is none.</summary>
    public required float[] Signals { get; init; }

    /// <summary>Texts by tag, null where there is none.</summary>
    public required string?[] Tags { get; init; }

    /// <summary>Image embeddings by model stage, null for stages that keep none and for samples that no model sees.</summary>
    public Half[]?[]? Embeddings { get; set; }

    /// <summary>By model stage, the embedding that an earlier job kept of the picture; null for stages that ask for none, and where it has none.</summary>
    public Half[]?[]? Earlier { get; init; }

    /// <summary>Why it cannot be judged.</summary>
    public SampleTrouble? Trouble { get; set; }

    /// <summary>True for a sample that <c>input.subset</c> does not name; it is counted and nothing else.</summary>
    public bool IsOutside { get; init; }

    /// <summary>Reason of the stage that rejected it.</summary>
    public string? Rejected { get; set; }

    /// <summary>The tensors of the plan, empty ones where an earlier embedding stands in for all that would read it; null once every model has seen it, and for samples that no model sees.</summary>
    public float[][]? Tensors { get; set; }

    /// <summary>Token rows by model stage, null for stages that need none.</summary>
    public TokenRow?[]? Tokens { get; set; }

    /// <summary>Model stages that have not scored it yet.</summary>
    public int StagesLeft { get; set; }

    /// <summary>True for a sample that models score; read before they do.</summary>
    public bool IsCandidate => Trouble is null && Rejected is null && !IsOutside;
}

/// <summary>
/// The CPU side of scoring: checks the members, applies the stages that need no model, decodes the image once, makes one
/// tensor per distinct preprocessing contract and one row of ids per model. Thread-safe; the result depends on the sample alone.
/// </summary>
public sealed class SamplePreparer
{
    private readonly string _shardName;
    private readonly int _part;
    private readonly ImageDecoder _decoder;
    private readonly ScoringPlan _plan;

    /// <param name="shardName">Name of the input shard, for derived uids.</param>
    /// <param name="part">Index of the input shard.</param>
    /// <param name="decoder">Shared decoder.</param>
    /// <param name="plan">Stages and models of the job.</param>
    public SamplePreparer(string shardName, int part, ImageDecoder decoder, ScoringPlan plan) =>
        (_shardName, _part, _decoder, _plan) = (shardName, part, decoder, plan);

    /// <summary>Prepares one sample.</summary>
    public PreparedSample Prepare(WebSample sample)
    {
        var signals = new float[_plan.Signals.Count];
        Array.Fill(signals, float.NaN);
        if (SampleIntake.Take(sample, _shardName, OutputSamples.LongestSuffix(_part, sample.Ordinal, _plan.WritesSynthetic), out var trouble) is not { } intake)
        {
            return new PreparedSample
            {
                Key = sample.Key,
                Ordinal = sample.Ordinal,
                Uid = SampleUid.Derive($"{_shardName}/{sample.Key}"),
                ImageBytes = SampleIntake.FindImage(sample)?.Data.Length ?? 0,
                Signals = signals,
                Tags = new string?[_plan.Tags.Count],
                Trouble = trouble,
            };
        }

        if (_plan.Subset?.Contains(intake.Uid) == false)
        {
            return Build(sample, intake, null, signals, outside: true);
        }

        _plan.Columns?.Fill(sample, intake.Uid, signals);
        var header = _decoder.ReadHeader(intake.Image);
        if (!header.Ok)
        {
            return Build(sample, intake, null, signals, trouble: Explain(header.Fault));
        }

        var size = (header.Header.Width, header.Header.Height);
        if (ApplyFilters(intake, size, signals) is { } reason)
        {
            return Build(sample, intake, size, signals, rejected: reason);
        }

        var sha256 = _plan.Sha256 >= 0 || _plan.Reuses ? Convert.ToHexStringLower(SHA256.HashData(intake.Image.Span)) : null;
        var earlier = _plan.Reuses ? _plan.Models.Select(m => m.Earlier?.Find(sha256!)).ToArray() : null;
        var needed = _plan.Models.Where((_, place) => earlier?[place] is null).SelectMany(m => m.Tensors).ToHashSet();

        // A picture that nobody looks at need not be decoded: an earlier job could.
        DecodedImage? image = null;
        if (earlier is null || needed.Count > 0 || _plan.Phash >= 0)
        {
            var decoded = _decoder.Decode(intake.Image);
            if (!decoded.Ok)
            {
                return Build(sample, intake, size, signals, trouble: Explain(decoded.Fault));
            }

            image = decoded.Image;
        }

        var prepared = Build(sample, intake, size, signals, earlier: earlier);
        AddTags(prepared.Tags, intake, sha256, image);
        prepared.Embeddings = new Half[_plan.Models.Count][];
        prepared.Tensors = [.. _plan.Tensors.Select((t, i) => needed.Contains(i) ? t.Make(image!, signals) : [])];
        prepared.Tokens = [.. _plan.Models.Select(m => m.Tokenize(intake.Text))];
        prepared.StagesLeft = _plan.Models.Count;
        return prepared;
    }

    private void AddTags(string?[] tags, SampleIntake intake, string? sha256, DecodedImage? image)
    {
        if (_plan.Matcher is { } matcher)
        {
            tags[_plan.Entries] = string.Join(' ', matcher.Match(intake.Text));
        }

        if (_plan.Labeller is { } labeller)
        {
            tags[_plan.Labels] = string.Join(' ', labeller.Label(intake.Text));
        }

        if (_plan.Sha256 >= 0)
        {
            tags[_plan.Sha256] = sha256;
        }

        if (_plan.Phash >= 0)
        {
            tags[_plan.Phash] = PerceptualHash.Of(image!).ToString("x16", CultureInfo.InvariantCulture);
        }
    }

    private string? ApplyFilters(SampleIntake intake, (int Width, int Height) stored, float[] signals)
    {
        foreach (var filter in _plan.Filters)
        {
            signals[filter.FirstSignal] = BasicFilterRule.CountWords(intake.Text);
            signals[filter.FirstSignal + 1] = BasicFilterRule.CountChars(intake.Text);
            var (width, height) = filter.Options.Size == "original" && intake.OriginalSize is { } original ? original : stored;
            if (BasicFilterRule.Judge(filter.Options, intake.Text, width, height, filter.Language?.Invoke(intake.Text)) is { } reason)
            {
                return reason;
            }
        }

        return null;
    }

    private PreparedSample Build(
        WebSample sample, SampleIntake intake, (int, int)? size, float[] signals, SampleTrouble? trouble = null, string? rejected = null, Half[]?[]? earlier = null,
        bool outside = false) => new()
        {
            Key = sample.Key,
            Ordinal = sample.Ordinal,
            Uid = intake.Uid,
            Text = intake.Text,
            ImageBytes = intake.Image.Length,
            Size = size,
            Signals = signals,
            Tags = new string?[_plan.Tags.Count],
            Trouble = trouble,
            Rejected = rejected,
            Earlier = earlier,
            IsOutside = outside,
        };

    private static SampleTrouble Explain(ImageFault fault) => new($"image-{QuarantineJsonl.NameOf(fault.Kind)}", fault.Message);
}
