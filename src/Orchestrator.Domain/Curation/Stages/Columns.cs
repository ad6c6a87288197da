using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>A published column and the signal that it becomes.</summary>
/// <param name="As">Name of the signal.</param>
/// <param name="Column">Name of the column: a number of any width.</param>
public sealed record ColumnScore(string As, string Column);

/// <summary>
/// <c>columns</c>: takes scores that somebody has published (DataComp's metadata, LAION's <c>similarity</c>, COYO's
/// <c>clip_similarity_vitb32</c>) from Parquet files, so that samples can be selected without running a model. Rows and samples
/// meet by a key. A sample without a row, with a null, or whose key stands on rows that differ, gets no score: never a wrong one. Rejects nothing by itself.
/// </summary>
/// <param name="From">Paths of the Parquet files, with braces and globs.</param>
/// <param name="Key">What of the sample is compared: <c>uid</c> (default), <c>key</c> (its name in the tar), or a text field of its JSON, e.g. <c>url</c>.</param>
/// <param name="KeyColumn">Column that it is compared with. Default: as <paramref name="Key"/>. LAION writes <c>URL</c>.</param>
/// <param name="Scores">The columns, 1 to 32.</param>
public sealed record ColumnsOptions(IReadOnlyList<string> From, string Key, string KeyColumn, IReadOnlyList<ColumnScore> Scores) : StageOptions
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "columns";

    /// <summary>Key that is the sample's DataComp uid.</summary>
    public const string Uid = "uid";

    /// <summary>Key that is the sample's name in its tar.</summary>
    public const string Name = "key";

    private const int MaxFiles = 100_000;
    private const int MaxScores = 32;

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override IReadOnlyList<string> Signals => [.. Scores.Select(s => s.As)];

    /// <inheritdoc />
    public override IReadOnlyList<string> MainSignals => Signals;

    /// <summary>Reads the options.</summary>
    public static ColumnsOptions Read(DocumentScope scope)
    {
        var from = scope.Raw("from") is { ValueKind: JsonValueKind.String }
            ? [scope.Text("from", maxLength: 4096)]
            : scope.Items("from", 1, MaxFiles).Select(i => Pattern(scope, i.Item, i.Path)).OfType<string>().ToList();
        var key = scope.Text("key", Uid, 256);
        return new(from, key, scope.Text("keyColumn", key, 256), ReadScores(scope));
    }

    /// <inheritdoc />
    public override JsonObject ToJson() => new()
    {
        ["type"] = TypeName,
        ["from"] = new JsonArray([.. From.Select(f => JsonValue.Create(f))]),
        ["key"] = Key,
        ["keyColumn"] = KeyColumn,
        ["scores"] = new JsonObject(Scores.Select(s => KeyValuePair.Create<string, JsonNode?>(s.As, s.Column))),
    };

    private static string? Pattern(DocumentScope scope, JsonElement item, string path)
    {
        if (item.ValueKind == JsonValueKind.String && item.GetString() is { Length: > 0 and <= 4096 } text)
        {
            return text;
        }

        scope.ErrorAt(path, DocumentScope.Shown(item), "must be a path or pattern of 1 to 4096 characters, for example metadata/*.parquet");
        return null;
    }

    private static List<ColumnScore> ReadScores(DocumentScope scope)
    {
        if (scope.Raw("scores") is not { ValueKind: JsonValueKind.Object } scores)
        {
            scope.Error("scores", "give an object of signals and columns, for example { \"clip\": \"clip_l14_similarity_score\" }");
            return [];
        }

        var read = new List<ColumnScore>();
        foreach (var score in scores.EnumerateObject())
        {
            var path = $"{scope.PathOf("scores")}.{score.Name}";
            if (!DocumentScope.IsName(score.Name))
            {
                scope.ErrorAt(path, score.Name, "the signal must have 1 to 64 characters of letters, digits, '.', '_' and '-', and start with a letter or digit");
            }
            else if (read.Find(r => r.As.Equals(score.Name, StringComparison.OrdinalIgnoreCase)) is { } same)
            {
                scope.ErrorAt(path, score.Name, $"the signal '{same.As}' stands above: case does not tell columns apart, give each its own name");
            }
            else if (score.Value.ValueKind != JsonValueKind.String || score.Value.GetString() is not { Length: > 0 and <= 256 } column)
            {
                scope.ErrorAt(path, DocumentScope.Shown(score.Value), "must be the name of a column, 1 to 256 characters");
            }
            else
            {
                read.Add(new ColumnScore(score.Name, column));
            }
        }

        if (read.Count is 0 or > MaxScores)
        {
            scope.Error("scores", $"name 1 to {MaxScores} columns");
        }

        return read;
    }
}
