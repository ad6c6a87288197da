using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>
/// <c>image-cluster-filter</c>: DataComp's image-based filter (arXiv 2304.14108, appendix; baselines/apply_filter.py, <c>image_based</c>). Kept
/// are samples whose nearest centroid is the nearest one of at least one reference image as well; nearest by the dot product, the
/// first among equals. Works on the whole pool, after every sample is scored and after pool stages that stand before it.
/// DataComp's caption filter that goes before is a <c>basic-filter</c> here.
/// </summary>
/// <param name="From">Name of the score whose stage's image embeddings are assigned.</param>
/// <param name="Reference">
/// Images that say what is wanted: a <c>.npy</c> of [images, dimension], float16 or float32, from the same model; or the output folder
/// of a curation job that kept its embeddings under the same name, of which the kept samples count.
/// </param>
/// <param name="Centroids">A <c>.npy</c> of [clusters, dimension]; null (default) makes them by k-means over the candidates.</param>
/// <param name="Clusters">k of the k-means, 1 to 1,000,000; null (default) is one for 128 candidates, DataComp's proportion.</param>
/// <param name="Iterations">Most iterations of the k-means, 1 to 1,000. Default 20, as DataComp's.</param>
/// <param name="Spherical">True for spherical k-means (<c>metric: cosine</c>), false for Euclidean (<c>metric: l2</c>, default, as DataComp's).</param>
public sealed record ImageClusterFilterOptions(string From, string Reference, string? Centroids, int? Clusters, int Iterations, bool Spherical) : StageOptions
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "image-cluster-filter";

    /// <summary>Reason of samples in a cluster without a reference image.</summary>
    public const string Unmatched = "image-cluster-filter.unmatched";

    /// <summary>Ending by which a reference is known for an array.</summary>
    public const string ArrayEnding = ".npy";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override string NeedsEmbeddings => From;

    /// <inheritdoc />
    public override bool JudgesPool => true;

    /// <summary>Whether <see cref="Reference"/> is an array rather than a folder or job.</summary>
    public bool ReferenceIsArray => Reference.EndsWith(ArrayEnding, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the options.</summary>
    public static ImageClusterFilterOptions Read(DocumentScope scope)
    {
        var centroids = scope.Has("centroids") ? scope.Text("centroids", maxLength: 4096) : null;
        if (centroids is { Length: > 0 } && !centroids.EndsWith(ArrayEnding, StringComparison.OrdinalIgnoreCase))
        {
            scope.Error("centroids", "must be the path of a .npy file of [clusters, dimension]");
        }

        foreach (var field in (string[])["clusters", "iterations", "metric"])
        {
            if (scope.Has(field) && centroids is not null)
            {
                scope.Error(field, "goes with centroids that the job makes: leave it or centroids out");
            }
        }

        return new(
            scope.Name("from"),
            scope.Text("reference", maxLength: 4096),
            centroids,
            scope.Has("clusters") ? (int)scope.Whole("clusters", null, 1, 1_000_000) : null,
            (int)scope.Whole("iterations", 20, 1, 1_000),
            scope.Choice("metric", ["l2", "cosine"], "l2") == "cosine");
    }

    /// <inheritdoc />
    public override void CheckLinks(DocumentScope scope, IReadOnlyList<StageOptions> stages) => EmbeddingLinks.Check(scope, "from", From, stages);

    /// <inheritdoc />
    public override JsonObject ToJson()
    {
        var json = new JsonObject { ["type"] = TypeName, ["from"] = From, ["reference"] = Reference, ["centroids"] = Centroids };
        if (Centroids is null)
        {
            json["clusters"] = Clusters;
            json["iterations"] = Iterations;
            json["metric"] = Spherical ? "cosine" : "l2";
        }

        return json;
    }
}
