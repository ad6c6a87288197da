using System.Text.Json.Nodes;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Worker.Curation;

/// <summary>What the phases after scoring need of a document, be it a curation or a selection.</summary>
/// <param name="Name">Name for people.</param>
/// <param name="Select">Which candidates are kept; null keeps them all.</param>
/// <param name="Output">What is written.</param>
/// <param name="Stages">Stages that work on the whole pool, in order; none in a selection, whose scores hold their outcome.</param>
/// <param name="Signals">Score columns.</param>
/// <param name="Tags">Text columns.</param>
/// <param name="Seed">Seed of every random choice.</param>
/// <param name="Inputs">What was read, for <c>meta.json</c>.</param>
/// <param name="From">The scores of a selection; null for a curation.</param>
/// <param name="InputBase">Folder of relative input paths of a selection.</param>
/// <param name="Canonical">The document without <c>output.path</c>: the folder may be moved, so its place is not part of what was made.</param>
public sealed record CurationJob(
    string Name,
    SelectRule? Select,
    CurationOutput Output,
    IReadOnlyList<StageOptions> Stages,
    IReadOnlyList<string> Signals,
    IReadOnlyList<string> Tags,
    long Seed,
    string Inputs,
    ScoreFolder? From,
    string? InputBase,
    JsonObject Canonical)
{
    /// <summary>Columns of its score parts.</summary>
    public ScoreSchema Schema => ScoreSchema.Create(Signals, Tags).Value;

    /// <summary>Reads a canonical document of either kind.</summary>
    /// <param name="kind">The job's kind.</param>
    /// <param name="json">The document.</param>
    /// <param name="storage">Everything the worker may touch.</param>
    /// <param name="pins">Keeps local copies of score parts.</param>
    /// <exception cref="InvalidDataException">The scores of a selection are refused or gone.</exception>
    public static CurationJob Parse(string kind, string json, JobStorage storage, SpoolPins pins) => kind == SelectionDocument.Kind
        ? Of(SelectionParser.ParseCanonical(json), storage, pins)
        : Of(CurationParser.ParseCanonical(json));

    private static CurationJob Of(CurationDocument document) => new(
        document.Name,
        document.Select,
        document.Output,
        [.. document.Stages.Where(s => s.JudgesPool)],
        document.Signals,
        document.Tags,
        document.Seed,
        string.Join(',', document.Input.Shards),
        null,
        null,
        WithoutPath(CurationParser.ToJson(document)));

    private static CurationJob Of(SelectionDocument document, JobStorage storage, SpoolPins pins)
    {
        var resolved = storage.Resolve(document.From, "from");
        var folder = resolved.Ok ? ScoreFolder.Open(resolved.Value, "from", storage) : resolved.Fault!;
        if (!folder.Ok)
        {
            throw new InvalidDataException(folder.Fault!.ToString());
        }

        using var first = ScorePartReader.OpenOrThrow(storage.Fetch(folder.Value.Parts[0], pins));
        var canonical = WithoutPath(SelectionParser.ToJson(document));
        canonical.Remove("inputBase");
        canonical["from"] = Path.GetFileName(folder.Value.Output);
        return new(
            document.Name, document.Select, document.Output, [], first.Schema.Signals, first.Schema.Tags, 0, Path.GetFileName(folder.Value.Output), folder.Value, document.InputBase, canonical);
    }

    private static JsonObject WithoutPath(JsonObject document)
    {
        document["output"]!.AsObject().Remove("path");
        return document;
    }
}
