using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Domain.Documents;

/// <summary>
/// Reads one JSON object of a document field by field and notes every mistake instead of stopping at the first. Each
/// read marks its field as known; <see cref="RejectUnknown"/> reports the rest, with the nearest known name.
/// </summary>
public sealed class DocumentScope
{
    private readonly JsonElement element;
    private readonly List<DocumentError> errors;
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    private DocumentScope(JsonElement element, string path, List<DocumentError> errors)
    {
        this.element = element;
        this.errors = errors;
        Path = path;
    }

    /// <summary>JSON path of this object.</summary>
    public string Path { get; }

    /// <summary>Opens an object; null, with an error noted, where <paramref name="element"/> is something else.</summary>
    public static DocumentScope? Open(JsonElement element, string path, List<DocumentError> errors)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            return new DocumentScope(element, path, errors);
        }

        errors.Add(new DocumentError(path, Shown(element), "must be an object"));
        return null;
    }

    /// <summary>Notes a mistake of the field <paramref name="name"/>.</summary>
    public void Error(string name, string message)
    {
        string? value = element.TryGetProperty(name, out var found) ? Shown(found) : null;
        errors.Add(new DocumentError(PathOf(name), value, message));
    }

    /// <summary>True where the field is there and not null.</summary>
    public bool Has(string name)
    {
        known.Add(name);
        return element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>The raw field, or null where it is missing or null.</summary>
    public JsonElement? Raw(string name) => Has(name) ? element.GetProperty(name) : null;

    /// <summary>A string of 1 to <paramref name="maxLength"/> characters; missing is an error unless <paramref name="fallback"/> is given.</summary>
    public string Text(string name, string? fallback = null, int maxLength = 1024)
    {
        if (Raw(name) is not { } value)
        {
            return fallback ?? Missing(name, "a string");
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            Error(name, "must be a string");
            return fallback ?? "";
        }

        var text = value.GetString()!;
        if (text.Length == 0 || text.Length > maxLength)
        {
            Error(name, $"must have 1 to {maxLength} characters");
        }

        return text;
    }

    /// <summary>A name: 1 to 64 characters of letters, digits, <c>. _ -</c>, starting with a letter or digit.</summary>
    public string Name(string name, string? fallback = null)
    {
        var text = Text(name, fallback);
        if (text.Length > 0 && !IsName(text))
        {
            Error(name, "must have 1 to 64 characters of letters, digits, '.', '_' and '-', and start with a letter or digit");
        }

        return text;
    }

    /// <summary>One of <paramref name="allowed"/>.</summary>
    public string Choice(string name, IReadOnlyList<string> allowed, string? fallback = null)
    {
        var text = Text(name, fallback);
        if (text.Length > 0 && !allowed.Contains(text, StringComparer.Ordinal))
        {
            Error(name, $"must be one of: {string.Join(", ", allowed)}{Suggestion(text, allowed)}");
        }

        return text;
    }

    /// <summary>A whole number in [<paramref name="min"/>, <paramref name="max"/>].</summary>
    public long Whole(string name, long? fallback, long min, long max)
    {
        if (Raw(name) is not { } value)
        {
            if (fallback is null)
            {
                Missing(name, $"a whole number from {min} to {max}");
            }

            return fallback ?? min;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max)
        {
            return number;
        }

        Error(name, $"must be a whole number from {min} to {max}");
        return fallback ?? min;
    }

    /// <summary>A finite number in [<paramref name="min"/>, <paramref name="max"/>], the lower end excluded where <paramref name="aboveMin"/>.</summary>
    public double Number(string name, double? fallback, double min, double max, bool aboveMin = false)
    {
        var range = string.Create(
            CultureInfo.InvariantCulture, $"a number {(aboveMin ? "above" : "from")} {min} {(aboveMin ? "and up to" : "to")} {max}");
        if (Raw(name) is not { } value)
        {
            if (fallback is null)
            {
                Missing(name, range);
            }

            return fallback ?? min;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number)
            && (aboveMin ? number > min : number >= min) && number <= max)
        {
            return number;
        }

        Error(name, $"must be {range}");
        return fallback ?? min;
    }

    /// <summary>True or false.</summary>
    public bool Flag(string name, bool fallback)
    {
        if (Raw(name) is not { } value)
        {
            return fallback;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Error(name, "must be true or false");
        return fallback;
    }

    /// <summary>An object field; null, with an error noted, where it is missing or something else.</summary>
    public DocumentScope? Object(string name)
    {
        if (Raw(name) is { } value)
        {
            return Open(value, PathOf(name), errors);
        }

        Missing(name, "an object");
        return null;
    }

    /// <summary>The items of an array field with their paths; missing or something else is an error.</summary>
    public IReadOnlyList<(JsonElement Item, string Path)> Items(string name, int minCount, int maxCount)
    {
        if (Raw(name) is not { } value)
        {
            Missing(name, $"a list of {minCount} to {maxCount} items");
            return [];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            Error(name, "must be a list");
            return [];
        }

        var count = value.GetArrayLength();
        if (count < minCount || count > maxCount)
        {
            Error(name, $"must have {minCount} to {maxCount} items, has {count}");
            return [];
        }

        return value.EnumerateArray().Select((item, i) => (item, $"{PathOf(name)}[{i}]")).ToList();
    }

    /// <summary>Opens an item of <see cref="Items"/>.</summary>
    public DocumentScope? Open(JsonElement item, string path) => Open(item, path, errors);

    /// <summary>Notes a mistake at any path.</summary>
    public void ErrorAt(string path, string? value, string message) => errors.Add(new DocumentError(path, value, message));

    /// <summary>Reports every field that no read asked for.</summary>
    public void RejectUnknown()
    {
        foreach (var property in element.EnumerateObject())
        {
            if (!known.Contains(property.Name))
            {
                var names = known.Order(StringComparer.Ordinal).ToList();
                errors.Add(new DocumentError(
                    PathOf(property.Name),
                    Shown(property.Value),
                    $"unknown field; known here: {string.Join(", ", names)}{Suggestion(property.Name, names)}"));
            }
        }
    }

    /// <summary>JSON path of a field of this object.</summary>
    public string PathOf(string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_') ? $"{Path}.{name}" : $"{Path}['{name.Replace("'", "\\'", StringComparison.Ordinal)}']";

    /// <summary>The value as written, at most 80 characters.</summary>
    public static string Shown(JsonElement value)
    {
        var raw = value.GetRawText();
        return raw.Length <= 80 ? raw : string.Concat(raw.AsSpan(0, 77), "...");
    }

    internal static bool IsName(string text) =>
        text.Length <= 64 && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private static string Suggestion(string written, IReadOnlyList<string> names)
    {
        var best = names.Select(n => (Name: n, Distance: EditDistance(written.ToLowerInvariant(), n.ToLowerInvariant())))
            .OrderBy(p => p.Distance).FirstOrDefault();
        return best.Name is not null && best.Distance <= Math.Max(1, written.Length / 3) ? $"; did you mean '{best.Name}'?" : "";
    }

    private static int EditDistance(string a, string b)
    {
        if (a.Length > 64)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var next = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = row[j];
                row[j] = next;
            }
        }

        return row[b.Length];
    }

    private string Missing(string name, string what)
    {
        errors.Add(new DocumentError(PathOf(name), null, $"is missing: give {what}"));
        return "";
    }
}
