using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation;

/// <summary>A selection job as posted, checked: a new <c>select</c> over scores that a curation job left. Runs no model. Immutable.</summary>
/// <param name="Name">Name for people.</param>
/// <param name="Tenant">Tenant that pays. Default <c>default</c>.</param>
/// <param name="Priority">1 (low) to 5 (high). Default 3.</param>
/// <param name="From">Id of a finished curation job, or its output folder or <c>scores</c> folder.</param>
/// <param name="InputBase">Folder to which relative paths of the scored shards refer; null for the server's own.</param>
/// <param name="Select">Which samples are kept; null keeps every candidate: all that no stage rejected, left out or set aside.</param>
/// <param name="Output">What is written.</param>
/// <param name="Parallelism">Shards of the job that run at a time (<c>limits.parallelism</c>); null for as many as there are slots.</param>
public sealed record SelectionDocument(
    string Name, string Tenant, int Priority, string From, string? InputBase, SelectRule? Select, CurationOutput Output, int? Parallelism = null)
{
    /// <summary>The document's <c>kind</c>.</summary>
    public const string Kind = "selection";
}

/// <summary>Reads and writes selection documents, as <see cref="CurationParser"/> does its own. Scores are checked where they are: in the folder.</summary>
public static class SelectionParser
{
    /// <summary>Reads a posted or canonical document.</summary>
    public static Parsed<SelectionDocument> Parse(JsonElement root)
    {
        var errors = new List<DocumentError>();
        if (DocumentScope.Open(root, "$", errors) is not { } scope)
        {
            return new(null, errors);
        }

        scope.Choice("kind", [SelectionDocument.Kind]);
        var document = new SelectionDocument(
            scope.Name("name"),
            scope.Name("tenant", "default"),
            (int)scope.Whole("priority", 3, 1, 5),
            scope.Text("from", maxLength: 4096),
            scope.Has("inputBase") ? scope.Text("inputBase", maxLength: 4096) : null,
            scope.Raw("select") is { } rule ? CurationParser.ReadRule(scope, rule, scope.PathOf("select"), null, 0) : null,
            CurationParser.ReadOutput(scope),
            JobLimits.Read(scope));
        scope.RejectUnknown();
        return errors.Count > 0 ? new(null, errors) : new(document, errors);
    }

    /// <summary>Reads canonical JSON text.</summary>
    /// <exception cref="FormatException">The text is not a valid document; the message lists every mistake.</exception>
    public static SelectionDocument ParseCanonical(string json)
    {
        using var document = JsonDocument.Parse(json);
        var parsed = Parse(document.RootElement);
        return parsed.IsValid
            ? parsed.Document
            : throw new FormatException(string.Join("; ", parsed.Errors.Select(e => $"{e.Path} {e.Message}")));
    }

    /// <summary>Canonical form: fixed order of fields, every default written out.</summary>
    public static JsonObject ToJson(SelectionDocument document)
    {
        var json = new JsonObject
        {
            ["kind"] = SelectionDocument.Kind,
            ["name"] = document.Name,
            ["tenant"] = document.Tenant,
            ["priority"] = document.Priority,
            ["from"] = document.From,
            ["inputBase"] = document.InputBase,
        };
        if (document.Select is { } select)
        {
            json["select"] = CurationParser.ToJson(select);
        }

        json["output"] = CurationParser.ToJson(document.Output);
        if (document.Parallelism is { } parallelism)
        {
            json["limits"] = new JsonObject { ["parallelism"] = parallelism };
        }

        return json;
    }
}
