using System.Text.Json.Nodes;
using Orchestrator.Domain.Curation.Dedup;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>What makes two samples duplicates.</summary>
public enum DedupMethod
{
    /// <summary>Equal bytes of the image file.</summary>
    Sha256,

    /// <summary>DCT hashes within a number of bits (<see cref="DctHash"/>), also through others between them.</summary>
    Phash,

    /// <summary>Near image embeddings (<see cref="SemDeDup"/>).</summary>
    Embedding,
}

/// <summary>
/// <c>dedup</c>: of samples that are alike, one stays a candidate and the others are duplicates of it. Works on the whole
/// pool, after every sample is scored; a later dedup stage sees what an earlier one left. The one that stays has the highest
/// score of <paramref name="KeepBy"/>; without it, or among equals, the first key in byte order, then the first in the input.
/// </summary>
/// <param name="Method">What makes two samples duplicates.</param>
/// <param name="Radius"><c>phash</c>: most bits of 64 that differ, 0 to 16. Default 4.</param>
/// <param name="From"><c>embedding</c>: name of the clip-score signal whose image embeddings are compared.</param>
/// <param name="Clusters"><c>embedding</c>: k of the k-means, 1 to 1,000,000; null (default) is one for 1,000 candidates.</param>
/// <param name="Iterations"><c>embedding</c>: most iterations of the k-means, 1 to 1,000. Default 20.</param>
/// <param name="Epsilon"><c>embedding</c>: duplicates have a cosine above 1 - epsilon; 0 to 2. Default 0.05.</param>
/// <param name="KeepBy">
/// Score whose best stays; null for none. <c>embedding</c> without it keeps the farthest from the cluster's centroid, which is
/// SemDeDup's own order.
/// </param>
/// <param name="Against">
/// Score folders of earlier jobs or evaluation sets: samples like one that they kept are duplicates of it, so none of them stays.
/// </param>
public sealed record DedupOptions(
    DedupMethod Method, int Radius, string? From, int? Clusters, int Iterations, double Epsilon, string? KeepBy, IReadOnlyList<string> Against) : StageOptions
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "dedup";

    /// <summary>Text column: what stands for a duplicate, as <c>shard#row</c>.</summary>
    public const string OfTag = "dedup.of";

    /// <summary>Text column: the method that found a duplicate.</summary>
    public const string ByTag = "dedup.by";

    /// <summary>Text column: sha256 of the image file, lower-case hex.</summary>
    public const string Sha256Tag = "dedup.sha256";

    /// <summary>Text column: DCT hash, 16 lower-case hex digits.</summary>
    public const string PhashTag = "dedup.phash";

    private const int MaxAgainst = 64;

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <summary>The method as documents spell it.</summary>
    public string MethodName => Method switch { DedupMethod.Sha256 => "sha256", DedupMethod.Phash => "phash", _ => "embedding" };

    /// <summary>The text column that holds the stage's hash; null for <c>embedding</c>.</summary>
    public string? HashTag => Method switch { DedupMethod.Sha256 => Sha256Tag, DedupMethod.Phash => PhashTag, _ => null };

    /// <inheritdoc />
    public override IReadOnlyList<string> Tags => HashTag is { } hash ? [hash, OfTag, ByTag] : [OfTag, ByTag];

    /// <inheritdoc />
    public override string? NeedsEmbeddings => From;

    /// <inheritdoc />
    public override bool JudgesPool => true;

    /// <summary>Reads the options.</summary>
    public static DedupOptions Read(DocumentScope scope)
    {
        var name = scope.Choice("method", ["sha256", "phash", "embedding"], "sha256");
        var method = name switch { "phash" => DedupMethod.Phash, "embedding" => DedupMethod.Embedding, _ => DedupMethod.Sha256 };
        foreach (var (field, owner) in (ReadOnlySpan<(string, DedupMethod)>)
            [("radius", DedupMethod.Phash), ("from", DedupMethod.Embedding), ("clusters", DedupMethod.Embedding), ("iterations", DedupMethod.Embedding), ("epsilon", DedupMethod.Embedding)])
        {
            if (scope.Has(field) && owner != method)
            {
                scope.Error(field, $"goes with method {(owner == DedupMethod.Phash ? "phash" : "embedding")} only");
            }
        }

        var embedding = method == DedupMethod.Embedding;
        return new DedupOptions(
            method,
            method == DedupMethod.Phash ? (int)scope.Whole("radius", 4, 0, HammingPairs.MaxRadius) : 0,
            embedding ? scope.Name("from") : null,
            embedding && scope.Has("clusters") ? (int)scope.Whole("clusters", null, 1, 1_000_000) : null,
            embedding ? (int)scope.Whole("iterations", 20, 1, 1_000) : 0,
            embedding ? scope.Number("epsilon", 0.05, 0, 2) : 0,
            scope.Has("keepBy") ? scope.Name("keepBy") : null,
            ReadAgainst(scope));
    }

    /// <inheritdoc />
    public override void CheckLinks(DocumentScope scope, IReadOnlyList<StageOptions> stages)
    {
        var scores = stages.SelectMany(s => s.MainSignals).ToList();
        EmbeddingLinks.Check(scope, "from", From, stages);
        if (KeepBy is { Length: > 0 } by && !scores.Contains(by))
        {
            scope.Error("keepBy", scores.Count == 0
                ? "no stage of this document makes a score: add one, or leave keepBy out"
                : $"is not a score of this document; its scores are: {string.Join(", ", scores)}");
        }
    }

    /// <inheritdoc />
    public override JsonObject ToJson()
    {
        var json = new JsonObject { ["type"] = TypeName, ["method"] = MethodName };
        if (Method == DedupMethod.Phash)
        {
            json["radius"] = Radius;
        }

        if (Method == DedupMethod.Embedding)
        {
            json["from"] = From;
            json["clusters"] = Clusters;
            json["iterations"] = Iterations;
            json["epsilon"] = Epsilon;
        }

        json["keepBy"] = KeepBy;
        json["against"] = new JsonArray([.. Against.Select(a => JsonValue.Create(a))]);
        return json;
    }

    private static List<string> ReadAgainst(DocumentScope scope)
    {
        var folders = new List<string>();
        if (!scope.Has("against"))
        {
            return folders;
        }

        foreach (var (item, path) in scope.Items("against", 0, MaxAgainst))
        {
            if (item.ValueKind == System.Text.Json.JsonValueKind.String && item.GetString() is { Length: > 0 and <= 4096 } text)
            {
                folders.Add(text);
            }
            else
            {
                scope.ErrorAt(path, DocumentScope.Shown(item), "must be the id of a finished curation job or the path of its output folder");
            }
        }

        return folders;
    }
}
