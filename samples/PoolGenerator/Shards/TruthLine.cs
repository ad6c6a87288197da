using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Samples.PoolGenerator.Scenes;

namespace Orchestrator.Samples.PoolGenerator.Shards;

/// <summary>One line of <c>truth.jsonl</c>: what is known about a sample. The curation product never reads it.</summary>
/// <param name="Key">The sample's key in the pool.</param>
/// <param name="Shard">Number of its tar, from 0.</param>
/// <param name="Uid">As in the sample's JSON.</param>
/// <param name="Defect">Kebab case, for example <c>swapped-caption</c>; <c>none</c> for a good sample.</param>
/// <param name="Matched">True if the caption in the tar describes the picture.</param>
/// <param name="DuplicateOf">Key of the sample whose picture this is; null where it is no duplicate.</param>
/// <param name="Caption">The caption in the tar; null where there is none.</param>
/// <param name="TrueCaption">A caption that is true of the picture.</param>
/// <param name="Extension">The image member's extension.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Scene">What the picture shows.</param>
public sealed record TruthLine(
    string Key,
    int Shard,
    string Uid,
    DefectKind Defect,
    bool Matched,
    string? DuplicateOf,
    string? Caption,
    string TrueCaption,
    string Extension,
    int Width,
    int Height,
    Scene Scene)
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <summary>
    /// True if a curator would want the pair: the caption is true, the image decodes and its size passes DataComp's basic
    /// rules. Duplicates count; which one of a group to keep is another question.
    /// </summary>
    [JsonIgnore]
    public bool Usable => Matched
        && Defect is not (DefectKind.TinyImage or DefectKind.ExtremeAspect or DefectKind.TruncatedImage);

    internal static TruthLine Of(PoolSample sample) => new(
        sample.Key, sample.Shard, sample.Uid, sample.Defect, sample.Matched, sample.DuplicateOf, sample.Caption,
        sample.TrueCaption, sample.Extension, sample.Width, sample.Height, sample.Scene);

    internal string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a whole <c>truth.jsonl</c>, one line at a time.</summary>
    /// <param name="path">The file, see <see cref="PoolResult.TruthPath"/>.</param>
    public static IEnumerable<TruthLine> Read(string path)
        => File.ReadLines(path).Select(line => JsonSerializer.Deserialize<TruthLine>(line, Json)
            ?? throw new InvalidDataException($"{path} has an empty line; generate the pool again."));
}
