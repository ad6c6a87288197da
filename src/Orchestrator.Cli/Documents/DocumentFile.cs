using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Orchestrator.Cli.Documents;

/// <summary>
/// Reads a job document: JSON, or YAML whose plain scalars are typed by YAML 1.2's core schema (<c>no</c> stays text).
/// Aliases are refused: they are how a few bytes of YAML become gigabytes.
/// </summary>
public static class DocumentFile
{
    private const int MaxBytes = 4 << 20;
    private const int MaxDepth = 64;

    /// <summary>Reads a file and applies <c>--set</c>.</summary>
    /// <exception cref="CliException">The file is missing, too large or does not parse; the message names line and column.</exception>
    public static JsonObject Read(string path, IReadOnlyList<string> sets)
    {
        if (!File.Exists(path))
        {
            throw new CliException(ExitCodes.Usage, $"There is no file '{path}'.");
        }

        if (new FileInfo(path).Length > MaxBytes)
        {
            throw new CliException(ExitCodes.Usage, $"'{path}' has more than {MaxBytes:N0} bytes; use braces and globs in input.shards.");
        }

        var document = Parse(File.ReadAllText(path), path);
        foreach (var set in sets)
        {
            Set(document, set);
        }

        return document;
    }

    /// <summary>Parses JSON or YAML text.</summary>
    public static JsonObject Parse(string text, string name)
    {
        try
        {
            var isJson = text.AsSpan().TrimStart().StartsWith("{");
            var node = isJson ? JsonNode.Parse(text, null, new JsonDocumentOptions { AllowDuplicateProperties = false }) : FromYaml(text);
            return node as JsonObject ?? throw new CliException(ExitCodes.Usage, $"{name}: a document is an object, for example one that begins with 'kind: curation'.");
        }
        catch (JsonException e)
        {
            throw new CliException(ExitCodes.Usage, $"{name}: {e.Message}");
        }
        catch (YamlException e)
        {
            throw new CliException(ExitCodes.Usage, $"{name}: line {e.Start.Line}, column {e.Start.Column}: {e.Message}");
        }
    }

    /// <summary>Sets one path: <c>output.path=out/x</c>. Objects on the way are made; the value is read as a YAML scalar.</summary>
    public static void Set(JsonObject document, string assignment)
    {
        var split = assignment.IndexOf('=', StringComparison.Ordinal);
        var names = split < 0 ? [] : assignment[..split].Split('.');
        if (names.Length == 0 || names.Any(n => n.Length == 0))
        {
            throw new CliException(ExitCodes.Usage, $"--set {assignment}: write it as path=value, for example --set output.path=out/demo.");
        }

        var value = Scalar(assignment[(split + 1)..]);
        JsonNode at = document;
        foreach (var name in names[..^1])
        {
            at = Member(at, name, assignment) ?? Put(at, name, new JsonObject(), assignment)!;
        }

        Put(at, names[^1], value, assignment);
    }

    private static JsonNode? Member(JsonNode at, string name, string assignment) => at switch
    {
        JsonObject map => map[name],
        JsonArray list => list[Index(list, name, assignment)],
        _ => throw Through(name, assignment),
    };

    private static JsonNode? Put(JsonNode at, string name, JsonNode? value, string assignment)
    {
        switch (at)
        {
            case JsonObject map:
                map[name] = value;
                return value;
            case JsonArray list:
                list[Index(list, name, assignment)] = value;
                return value;
            default:
                throw Through(name, assignment);
        }
    }

    private static int Index(JsonArray list, string name, string assignment) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < list.Count
            ? index
            : throw new CliException(ExitCodes.Usage, $"--set {assignment}: '{name}' is not an item of a list of {list.Count}; give 0 to {list.Count - 1}.");

    private static CliException Through(string name, string assignment) =>
        new(ExitCodes.Usage, $"--set {assignment}: '{name}' would be a field of a value that has none.");

    private static JsonNode? FromYaml(string text)
    {
        var parser = new Parser(new StringReader(text));
        var depth = 0;
        while (parser.MoveNext())
        {
            var at = parser.Current!;
            depth += at.NestingIncrease;
            if (depth > MaxDepth)
            {
                throw new YamlException(at.Start, at.End, $"values may be nested {MaxDepth} deep");
            }

            if (at is YamlDotNet.Core.Events.AnchorAlias)
            {
                throw new YamlException(at.Start, at.End, "aliases are not allowed: write the value out");
            }

            if (at is YamlDotNet.Core.Events.NodeEvent { Tag.IsEmpty: false })
            {
                throw new YamlException(at.Start, at.End, "tags are not allowed: quote what is text");
            }
        }

        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Count == 1 ? Convert(stream.Documents[0].RootNode) : null;
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(c => KeyValuePair.Create(Key(c.Key), Convert(c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => Scalar(plain.Value ?? ""),
        YamlScalarNode quoted => JsonValue.Create(quoted.Value),
        _ => throw new YamlException(node.Start, node.End, "this kind of node is not allowed"),
    };

    private static string Key(YamlNode node) =>
        (node as YamlScalarNode)?.Value ?? throw new YamlException(node.Start, node.End, "a field's name must be text");

    private static JsonValue? Scalar(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        _ when text.Any(char.IsAsciiDigit) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) =>
            JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };
}
