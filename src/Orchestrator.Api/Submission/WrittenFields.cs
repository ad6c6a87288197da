using System.Text.Json;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Api.Submission;

/// <summary>A string of a document and where it stands.</summary>
/// <param name="Path">JSON path.</param>
/// <param name="Text">The string.</param>
/// <param name="ModelKind">Kind of model folder that the string must name; null where any will do, and for other strings.</param>
internal sealed record WrittenField(string Path, string Text, string? ModelKind = null);

/// <summary>
/// The fields of a curation or selection document that name things outside it, taken from the JSON as written. Works on documents with
/// mistakes too, so that a wrong path and a wrong number are reported together.
/// </summary>
internal sealed record WrittenFields(
    IReadOnlyList<WrittenField> Shards,
    WrittenField? Output,
    IReadOnlyList<WrittenField> Models,
    IReadOnlyList<WrittenField> Files,
    IReadOnlyList<WrittenField> Folders,
    IReadOnlyList<WrittenField> ScoreFolders,
    WrittenField? From,
    bool NamesTenant,
    WrittenField? Subset,
    bool HasDownloadTables,
    IReadOnlyList<WrittenField> Tables)
{
    // Fields of stages that name a file.
    private static readonly string[] FileFields = ["languageModel", "entries", "centroids"];

    // Fields of stages that name a folder.
    private static readonly string[] FolderFields = ["dictionary"];

    // Fields of stages that name scores by a job or a folder, or an array of embeddings.
    private static readonly string[] ScoreFields = ["reference", "embeddingsFrom"];

    public static WrittenFields Of(JsonElement root)
    {
        var shards = Items(Member(Member(root, "input"), "shards")).ToList();
        var stages = Items(Member(root, "stages")).ToList();
        return new(
            [.. shards.Select((item, i) => Field(item, $"$.input.shards[{i}]")).OfType<WrittenField>()],
            Field(Member(Member(root, "output"), "path"), "$.output.path"),
            [.. stages.SelectMany((stage, i) => ModelFieldsOf(stage).Select(m => Field(Member(stage, m.Field), $"$.stages[{i}].{m.Field}") is { } f ? f with { ModelKind = m.Kind } : null)).OfType<WrittenField>()],
            [.. Fields(stages, FileFields), .. Fields(stages, ScoreFields).Where(IsArray)],
            [.. Fields(stages, FolderFields)],
            [
                .. stages.SelectMany((stage, i) => Items(Member(stage, "against")).Select((item, j) => Field(item, $"$.stages[{i}].against[{j}]"))).OfType<WrittenField>(),
                .. Fields(stages, ScoreFields).Where(f => !IsArray(f)),
            ],
            Field(Member(root, "from"), "$.from"),
            Member(root, "tenant") is { ValueKind: not JsonValueKind.Null },
            Field(Member(Member(root, "input"), "subset"), "$.input.subset"),
            Member(Member(root, "input"), "format") is { ValueKind: JsonValueKind.String } format && format.GetString() == CurationInput.Img2Dataset,
            [.. stages.SelectMany((stage, i) => TablesOf(stage, $"$.stages[{i}].from"))]);
    }

    private static IReadOnlyList<ModelField> ModelFieldsOf(JsonElement stage) =>
        Member(stage, "type") is { ValueKind: JsonValueKind.String } type && StageCatalog.ByType.TryGetValue(type.GetString()!, out var definition) ? definition.Models : [];

    private static IEnumerable<WrittenField> Fields(List<JsonElement> stages, string[] names) =>
        stages.SelectMany((stage, i) => names.Select(name => Field(Member(stage, name), $"$.stages[{i}].{name}"))).OfType<WrittenField>();

    private static bool IsArray(WrittenField field) => field.Text.EndsWith(ImageClusterFilterOptions.ArrayEnding, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<WrittenField> TablesOf(JsonElement stage, string path) =>
        Member(stage, "type") is not { ValueKind: JsonValueKind.String } type || type.GetString() != ColumnsOptions.TypeName ? []
        : Field(Member(stage, "from"), path) is { } single ? [single]
        : Items(Member(stage, "from")).Select((item, i) => Field(item, $"{path}[{i}]")).OfType<WrittenField>();

    private static JsonElement? Member(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } p && p.TryGetProperty(name, out var value) ? value : null;

    private static IEnumerable<JsonElement> Items(JsonElement? parent) =>
        parent is { ValueKind: JsonValueKind.Array } p ? p.EnumerateArray() : [];

    private static WrittenField? Field(JsonElement? element, string path) =>
        element is { ValueKind: JsonValueKind.String } e && e.GetString() is { Length: > 0 and <= 4096 } text ? new(path, text) : null;
}
