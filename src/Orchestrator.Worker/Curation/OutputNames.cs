using System.Globalization;

namespace Orchestrator.Worker.Curation;

/// <summary>Names of files in the output folder.</summary>
public static class OutputNames
{
    /// <summary>Output tar <paramref name="index"/>.</summary>
    public static string Tar(int index) => Numbered(index, ".tar");

    /// <summary>Rows of an output tar.</summary>
    public static string Rows(int index) => Numbered(index, ".parquet");

    /// <summary>img2dataset's statistics of an output tar.</summary>
    public static string Stats(int index) => Numbered(index, "_stats.json");

    /// <summary>Labels of a synset-labels stage with their counts.</summary>
    public const string Synsets = "synsets.json";

    /// <summary>Score part of input shard <paramref name="index"/>.</summary>
    public static string ScorePart(int index) => string.Create(CultureInfo.InvariantCulture, $"scores/part-{index:D5}.parquet");

    /// <summary>Image embeddings of input shard <paramref name="index"/> by the stage whose signal is <paramref name="signal"/>.</summary>
    public static string Embeddings(string signal, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"embeddings/{signal}/img_emb/img_emb_{index}.npy");

    private static string Numbered(int index, string ending) => string.Create(CultureInfo.InvariantCulture, $"{index:D8}{ending}");
}
