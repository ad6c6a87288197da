using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Evaluation.Documents;

/// <summary>
/// Expands sweeps: a list where one value belongs (<c>gamma: [2, 4]</c>) makes one object for each value, several lists their
/// product, the first field varying slowest. A field that is a list by nature is swept by a list of lists.
/// </summary>
internal static class Sweep
{
    private const int MaxObjects = 256;

    /// <summary>Reads every expansion of an object; mistakes name the place in the list as written.</summary>
    /// <param name="element">The object as written.</param>
    /// <param name="path">Its JSON path.</param>
    /// <param name="listFields">Fields that are lists by nature.</param>
    /// <param name="errors">Receives mistakes, each once.</param>
    /// <param name="read">Reads one expansion; null where it cannot.</param>
    public static List<T> Read<T>(
        JsonElement element, string path, IReadOnlySet<string> listFields, List<DocumentError> errors, Func<DocumentScope, T?> read)
        where T : class
    {
        var results = new List<T>();
        if (element.ValueKind != JsonValueKind.Object)
        {
            DocumentScope.Open(element, path, errors);
            return results;
        }

        var swept = element.EnumerateObject().Where(p => IsSwept(p, listFields)).ToList();
        var objects = swept.Aggregate(1L, (product, p) => Math.Min(int.MaxValue, product * p.Value.GetArrayLength()));
        if (objects is 0 or > MaxObjects)
        {
            errors.Add(new DocumentError(path, null, objects == 0
                ? "sweeps an empty list: give at least one value"
                : $"sweeps {objects} combinations; at most {MaxObjects} are allowed"));
            return results;
        }

        for (var index = 0L; index < objects; index++)
        {
            var (json, places) = Expansion(element, swept, index);
            using var document = JsonDocument.Parse(json.ToJsonString());
            var found = new List<DocumentError>();
            if (DocumentScope.Open(document.RootElement, path, found) is { } scope && read(scope) is { } result && found.Count == 0)
            {
                results.Add(result);
            }

            foreach (var error in found.Select(e => places.TryGetValue(e.Path, out var place) ? e with { Path = $"{e.Path}[{place}]" } : e))
            {
                if (!errors.Contains(error))
                {
                    errors.Add(error);
                }
            }
        }

        return results;

        (JsonObject Json, Dictionary<string, int> Places) Expansion(JsonElement source, List<JsonProperty> fields, long index)
        {
            var json = JsonObject.Create(source)!.DeepClone().AsObject();
            var places = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var field in Enumerable.Reverse(fields))
            {
                var length = field.Value.GetArrayLength();
                var place = (int)(index % length);
                index /= length;
                json[field.Name] = JsonNode.Parse(field.Value[place].GetRawText());
                places[$"{path}.{field.Name}"] = place;
            }

            return (json, places);
        }
    }

    private static bool IsSwept(JsonProperty property, IReadOnlySet<string> listFields) =>
        property.Value.ValueKind == JsonValueKind.Array
        && (!listFields.Contains(property.Name) || property.Value.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.Array));
}
