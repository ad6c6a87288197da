using System.Text.Json;

namespace Orchestrator.Inference.Sessions;

/// <summary>One golden run: a graph, what it is fed and what must come out.</summary>
/// <param name="Name">Name, such as <c>prefill</c>.</param>
/// <param name="File">Role in the manifest's files, such as <c>decoder</c>.</param>
/// <param name="Inputs">Graph input to npy file, full path.</param>
/// <param name="Outputs">Graph output to npy file, full path.</param>
internal sealed record GoldenRun(string Name, string File, IReadOnlyDictionary<string, string> Inputs, IReadOnlyDictionary<string, string> Outputs);

/// <summary>
/// The golden file of every kind but the dual encoders: <c>{"framework", "runs": [{"name", "file", "inputs": {tensor: npy},
/// "outputs": {tensor: npy}}], "texts": [{"text", "ids"}]}</c>.
/// </summary>
internal sealed record GoldenRuns(string Path, IReadOnlyList<GoldenRun> Runs, IReadOnlyList<(string Text, int[] Ids)> Texts)
{
    /// <exception cref="ModelContractException">The file is missing, holds no run, or a field is not what it should be.</exception>
    public static GoldenRuns Read(ModelFolder folder)
    {
        var path = folder.PathOf(folder.Manifest.Golden ?? "golden.json");
        if (!System.IO.File.Exists(path))
        {
            throw new ModelContractException(path, "file", "golden vectors", "nothing", $"Export them, or name their file in {ModelManifest.FileName} under golden");
        }

        var file = JsonFile.Read(path);
        var runs = List(file, "runs").Select((run, i) => Run(folder, file, run, $"runs[{i}]")).ToArray();
        return runs.Length > 0
            ? new GoldenRuns(path, runs, [.. List(file, "texts").Select((text, i) => Text(file, text, $"texts[{i}]"))])
            : throw new ModelContractException(path, "runs", "at least one run", "none", "Export the golden vectors again");
    }

    private static JsonElement[] List(JsonFile file, string field) => file.Find(field) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray()],
        var other => throw file.Wrong(field, "an array", other.Value),
    };

    private static GoldenRun Run(ModelFolder folder, JsonFile file, JsonElement run, string field)
    {
        if (run.ValueKind != JsonValueKind.Object || String(run, "name") is not { } name || String(run, "file") is not { } role)
        {
            throw file.Wrong(field, "an object with name, file, inputs and outputs", run);
        }

        if (!folder.Manifest.Files.ContainsKey(role))
        {
            throw new ModelContractException(file.Path, $"{field}.file", $"one of [{string.Join(", ", folder.Manifest.Files.Keys)}], the files of {ModelManifest.FileName}", role);
        }

        return new GoldenRun(name, role, Tensors(folder, file, run, field, "inputs"), Tensors(folder, file, run, field, "outputs"));
    }

    private static Dictionary<string, string> Tensors(ModelFolder folder, JsonFile file, JsonElement run, string field, string side)
    {
        if (!run.TryGetProperty(side, out var map) || map.ValueKind != JsonValueKind.Object || !map.EnumerateObject().Any())
        {
            throw file.Wrong($"{field}.{side}", "an object from tensor name to npy file", run);
        }

        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in map.EnumerateObject())
        {
            var full = entry.Value.ValueKind == JsonValueKind.String ? System.IO.Path.GetFullPath(folder.PathOf(entry.Value.GetString()!)) : "";
            paths[entry.Name] = full.StartsWith(folder.FolderPath + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal)
                ? full
                : throw file.Wrong($"{field}.{side}.{entry.Name}", "an npy file of the model folder", entry.Value);
        }

        return paths;
    }

    private static (string Text, int[] Ids) Text(JsonFile file, JsonElement item, string field) =>
        item.ValueKind == JsonValueKind.Object && String(item, "text") is { } text && item.TryGetProperty("ids", out var ids) && ids.ValueKind == JsonValueKind.Array
            ? (text, [.. ids.EnumerateArray().Select(id => file.Integer(field + ".ids", id))])
            : throw file.Wrong(field, "an object with text and ids", item);

    private static string? String(JsonElement item, string field) => item.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
