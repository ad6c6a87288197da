using System.Globalization;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Output folders whose kept image embeddings later jobs use: which signal's they are and which part is of which shard. Read once for each
/// manifest and shared by all slots.
/// </summary>
public sealed class EmbeddingFolders(AllowedRoots roots)
{
    private const string Field = "stages[].embeddingsFrom";

    private readonly LoadedFiles<Known> _known = new(Read);

    /// <summary>Embeddings of a shard.</summary>
    /// <param name="path">Output folder of the earlier job.</param>
    /// <param name="shard">Name of the shard, as the document names it. A part of that name is taken, else the only one whose file is called so.</param>
    /// <param name="imageDigest">Digest of the image half that must have made them.</param>
    /// <param name="dimension">Values of a row.</param>
    /// <exception cref="InvalidDataException">The path is refused, or the folder holds no embeddings of that image half.</exception>
    public EarlierEmbeddings Open(string path, string shard, string imageDigest, int dimension)
    {
        var resolved = roots.Resolve(path, Field);
        var known = resolved.Ok
            ? _known.Get(resolved.Value, Path.Combine(resolved.Value, OutputManifest.FileName), Path.Combine(Path.GetDirectoryName(resolved.Value) ?? "", OutputManifest.FileName))
            : throw new InvalidDataException(resolved.Fault!.ToString());
        var signal = known.Embeddings.OrderBy(e => e.Key, StringComparer.Ordinal).FirstOrDefault(e => e.Value == imageDigest).Key
            ?? throw new InvalidDataException(
                $"{Field}: {path} kept embeddings of other image towers or preprocessing ({string.Join(", ", known.Embeddings.Select(e => $"{e.Key}: {e.Value}"))}) than this stage's model has ({imageDigest}); "
                + "name a job with the same image model, or leave embeddingsFrom out.");
        return known.PartOf(shard) is { } part
            ? EarlierEmbeddings.Open(known.Parts[part], Path.Combine(known.Output, OutputNames.Embeddings(signal, NumberOf(known.Parts[part]))), dimension)
            : EarlierEmbeddings.Open(null, "", dimension);
    }

    private static Known Read(string path)
    {
        var folder = ScoreFolder.Open(path, Field);
        if (!folder.Ok)
        {
            throw new InvalidDataException(folder.Fault!.ToString());
        }

        var file = Path.Combine(folder.Value.Output, OutputManifest.FileName);
        var manifest = File.Exists(file)
            ? OutputManifest.Read(File.ReadAllBytes(file), file)
            : new Data.DataFault(file, Field, "There is no manifest.", "Name the output folder of a finished curation job.");
        if (!manifest.Ok)
        {
            throw new InvalidDataException(manifest.Fault!.ToString());
        }

        if (manifest.Value.Embeddings.Count == 0)
        {
            throw new InvalidDataException($"{Field}: {path} kept no image embeddings; run that job again with keepEmbeddings, or leave embeddingsFrom out.");
        }

        return new Known(folder.Value.Output, folder.Value.Parts, manifest.Value.Embeddings, [.. folder.Value.Parts.Select(ShardOf)]);
    }

    private static string? ShardOf(string part)
    {
        using var reader = ScorePartReader.OpenOrThrow(part);
        return reader.Rows == 0 ? null : reader.ReadGroup(0, 0, [ScoreColumn.Shard]).Text(ScoreColumn.Shard)[0];
    }

    private static int NumberOf(string part) => int.Parse(Path.GetFileNameWithoutExtension(part)["part-".Length..], NumberStyles.None, CultureInfo.InvariantCulture);

    private sealed class Known(string output, IReadOnlyList<string> parts, IReadOnlyDictionary<string, string> embeddings, IReadOnlyList<string?> shards)
    {
        private readonly ILookup<string, int> _byName = shards.Index().Where(s => s.Item is not null).ToLookup(s => s.Item!, s => s.Index, StringComparer.Ordinal);

        private readonly ILookup<string, int> _byFile = shards.Index().Where(s => s.Item is not null).ToLookup(s => Path.GetFileName(s.Item!), s => s.Index, StringComparer.Ordinal);

        public string Output => output;

        public IReadOnlyList<string> Parts => parts;

        public IReadOnlyDictionary<string, string> Embeddings => embeddings;

        public int? PartOf(string shard) => _byName[shard].ToList() is [var named, ..] ? named : _byFile[Path.GetFileName(shard)].ToList() is [var only] ? only : null;
    }
}
