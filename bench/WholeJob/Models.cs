using System.Text.Json;

namespace Orchestrator.Bench.WholeJob;

/// <summary>A model of the job: its stage, its folder and the shapes that its sessions are fed.</summary>
/// <param name="Stage">The stage's <c>type</c>.</param>
/// <param name="Name">Name of the folder.</param>
/// <param name="Folder">Its path.</param>
internal sealed record BenchModel(string Stage, string Name, string Folder)
{
    /// <summary>Name of its score.</summary>
    public string Score => Name[..Name.IndexOf('-', StringComparison.Ordinal)];

    /// <summary>Side of the pictures in pixels.</summary>
    public int Side => Read("vision_config", "image_size");

    /// <summary>Tokens of a text row.</summary>
    public int Context => Read("text_config", "max_position_embeddings");

    /// <summary>Number of tokens.</summary>
    public int Words => Read("text_config", "vocab_size");

    /// <summary>What models of one contract share: a picture made once serves them all.</summary>
    public string Contract
    {
        get
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "preprocessor_config.json")));
            return $"{Side} {json.RootElement.GetProperty("image_mean")} {json.RootElement.GetProperty("image_std")} {json.RootElement.GetProperty("size")}";
        }
    }

    /// <summary>CLIP alone, or every dual encoder of the sample models.</summary>
    public static IReadOnlyList<BenchModel> Of(string models, bool several)
    {
        string[] kinds = several ? ["clip", "dfn", "siglip"] : ["clip"];
        return [.. kinds.Select(kind => new BenchModel($"{kind}-score", $"{kind}-demo", Path.Combine(models, $"{kind}-demo")))];
    }

    private int Read(string section, string field)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "config.json")));
        return json.RootElement.GetProperty(section).GetProperty(field).GetInt32();
    }
}
