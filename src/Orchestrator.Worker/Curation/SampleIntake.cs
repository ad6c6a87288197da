using System.Text.Json;
using Orchestrator.Data;
using Orchestrator.Data.Formats;
using Orchestrator.Data.WebDataset;

namespace Orchestrator.Worker.Curation;

/// <summary>Why a sample cannot be judged.</summary>
/// <param name="Reason">Code, for counts, for example <c>caption-missing</c>.</param>
/// <param name="Message">Sentence, for people.</param>
public sealed record SampleTrouble(string Reason, string Message);

/// <summary>The members of a sample that curation reads, found and checked, nothing decoded yet.</summary>
public sealed class SampleIntake
{
    /// <summary>Largest caption read, in bytes of UTF-8. Alternative texts of the web stay below a few kilobytes.</summary>
    public const int MaxCaptionBytes = 64 * 1024;

    /// <summary>Extensions that hold an image, in order of preference.</summary>
    private static readonly string[] ImageExtensions = ["jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "bmp"];

    // A writer that keeps nothing, asked whether the output could hold a name. One per thread: writers are not shared.
    [ThreadStatic]
    private static TarShardWriter? _probe;

    private SampleIntake()
    {
    }

    /// <summary>The encoded image.</summary>
    public ReadOnlyMemory<byte> Image { get; private init; }

    /// <summary>The caption.</summary>
    public string Text { get; private init; } = "";

    /// <summary>The uid of the sample's JSON, or one derived from the shard's name and the key.</summary>
    public SampleUid Uid { get; private init; }

    /// <summary><c>original_width</c> and <c>original_height</c> of the sample's JSON where both are there.</summary>
    public (int Width, int Height)? OriginalSize { get; private init; }

    /// <summary>Finds image, caption and metadata of a sample.</summary>
    /// <param name="sample">As read.</param>
    /// <param name="shardName">Name of its shard, for derived uids.</param>
    /// <param name="keySuffix">The longest that the output may add to the key.</param>
    /// <param name="trouble">Set where null is returned.</param>
    public static SampleIntake? Take(WebSample sample, string shardName, string keySuffix, out SampleTrouble? trouble)
    {
        if (sample.Fault is { } fault)
        {
            trouble = new($"member-{QuarantineJsonl.NameOf(fault.Kind)}", $"{fault.MemberName}: {fault.Message}");
            return null;
        }

        if (FindImage(sample) is not { } image)
        {
            trouble = new("image-missing", $"no member with one of the extensions {string.Join(", ", ImageExtensions)}");
            return null;
        }

        if (!sample.TryGet("txt", out var caption))
        {
            trouble = new("caption-missing", "no member with the extension txt");
            return null;
        }

        if (caption.Data.Length > MaxCaptionBytes)
        {
            trouble = new("caption-too-long", $"the caption has {caption.Data.Length:N0} bytes; at most {MaxCaptionBytes:N0} are read");
            return null;
        }

        if (!Utf8Text.TryDecode(caption.Data.Span, out var text))
        {
            trouble = new("caption-not-utf8", "the caption is not valid UTF-8; convert it");
            return null;
        }

        var uid = default(SampleUid?);
        var size = default((int, int)?);
        if (sample.TryGet("json", out var json) && ProblemOfJson(json, out uid, out size) is { } problem)
        {
            trouble = new("json-invalid", problem);
            return null;
        }

        // The output always has a JSON.
        var extensions = sample.Members.Select(m => m.Extension).Append("json").Distinct();
        _probe ??= new TarShardWriter(Stream.Null);
        if (_probe.Write(sample.Key + keySuffix, extensions.Select(e => KeyValuePair.Create(e, ReadOnlyMemory<byte>.Empty))) is { } refused)
        {
            trouble = new("name-unwritable", refused.ToString());
            return null;
        }

        trouble = null;
        return new SampleIntake
        {
            Image = image.Data,
            Text = text,
            Uid = uid ?? SampleUid.Derive($"{shardName}/{sample.Key}"),
            OriginalSize = size,
        };
    }

    /// <summary>The member that holds the image; null where there is none.</summary>
    public static SampleMember? FindImage(WebSample sample)
    {
        foreach (var extension in ImageExtensions)
        {
            if (sample.TryGet(extension, out var member))
            {
                return member;
            }
        }

        return null;
    }

    /// <summary>Reads what curation needs; says why scores could not be added to the JSON later.</summary>
    private static string? ProblemOfJson(SampleMember json, out SampleUid? uid, out (int Width, int Height)? size)
    {
        (uid, size) = (null, null);
        if (SampleJson.AddScores(json.Data.Span, [], json.Name).Fault is { } fault)
        {
            return fault.ToString();
        }

        ReadOnlySpan<byte> mark = [0xef, 0xbb, 0xbf];
        using var document = JsonDocument.Parse(json.Data.Span.StartsWith(mark) ? json.Data[mark.Length..] : json.Data, new() { MaxDepth = 256 });
        var root = document.RootElement;
        if (root.TryGetProperty("uid", out var id) && TextOf(id) is { } text && SampleUid.TryParse(text, out var parsed))
        {
            uid = parsed;
        }

        if (Side(root, "original_width") is { } width && Side(root, "original_height") is { } height)
        {
            size = (width, height);
        }

        return null;
    }

    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // An escaped lone surrogate: JSON allows it, text cannot hold it, and no uid has one.
            return null;
        }
    }

    private static int? Side(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
        && number is >= 1 and <= int.MaxValue
            ? (int)number
            : null;
}
