using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Api.Submission;

/// <summary>
/// Measures a selection document against this server: its fields, the scores that it selects from, the shards that they were
/// made of, its output folder. Reports every mistake at once. Writes nothing. Safe for concurrent use.
/// </summary>
public sealed class SelectionPlanner(StoragePaths storage, ScoreFolderCheck scoreFolders) : IDocumentPlanner
{
    private static readonly ShardSpec[] FirstPhase = [new(0, "{}")];

    /// <inheritdoc />
    public string Kind => SelectionDocument.Kind;

    /// <inheritdoc />
    public IReadOnlyList<string> Phases => JobDraft.PhasesOf(Kind);

    /// <inheritdoc />
    public ISubmission Read(JsonElement root, string? tenant)
    {
        var (document, errors) = Parse(root, tenant);
        return document is null ? new CurationSubmission(null, errors, [], 0) : new CurationSubmission(Draft(document, HashOf(document)), [], [], 0);
    }

    /// <inheritdoc />
    public async Task<ISubmission> PlanAsync(JsonElement root, string? tenant, bool preview, CancellationToken cancellationToken)
    {
        var (read, mistakes) = Parse(root, tenant);
        var errors = mistakes.ToList();
        var written = WrittenFields.Of(root);
        var paths = storage.For(root, tenant);
        var output = written.Output is { } path ? await StoragePaths.RunAsync(() => OutputCheck.Run(path, paths, errors)) : null;
        var from = written.From is { } named ? await scoreFolders.RunAsync(named, paths, tenant, errors) : null;
        var inputBase = read?.InputBase is { } folder ? ResolveBase(folder, paths, errors) : paths.BaseDirectory;
        using var pins = new SpoolPins();
        IReadOnlyList<string> parts = from is null ? [] : await StoragePaths.RunAsync(() => Fetch(from, paths, pins, errors));
        var shards = parts.Count == 0 || inputBase is null ? [] : await StoragePaths.RunAsync(() => Look(parts, inputBase, paths, read, errors));
        var bytes = shards.Sum(s => s.Found?.Bytes ?? 0);
        if (errors.Count > 0 || read is null || output is null || from is null)
        {
            return new CurationSubmission(read is null ? null : Draft(read, HashOf(read)), CurationPlanner.Shorten(errors), shards, bytes);
        }

        var document = read with { From = from, InputBase = inputBase, Output = read.Output with { Path = output } };
        return new CurationSubmission(
            Draft(document, HashOf(read)), [], shards, bytes, preview ? SelectionPreview.Count(parts, document.Select, cancellationToken) : null);
    }

    private static (SelectionDocument? Document, IReadOnlyList<DocumentError> Errors) Parse(JsonElement root, string? tenant)
    {
        var parsed = SelectionParser.Parse(root);
        return !parsed.IsValid ? (null, parsed.Errors)
            : tenant is null || WrittenFields.Of(root).NamesTenant ? (parsed.Document, [])
            : (parsed.Document with { Tenant = tenant }, []);
    }

    private static JobDraft Draft(SelectionDocument document, string hash) => new(
        SelectionDocument.Kind, document.Name, document.Tenant, document.Priority, SelectionParser.ToJson(document).ToJsonString(), hash,
        document.Output.Path, [], FirstPhase);

    private static string HashOf(SelectionDocument document) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(SelectionParser.ToJson(document).ToJsonString())));

    private static string? ResolveBase(string folder, StoragePaths paths, List<DocumentError> errors)
    {
        var resolved = paths.Storage.Resolve(folder, "$.inputBase", paths.BaseDirectory);
        if (resolved.Ok)
        {
            return resolved.Value;
        }

        errors.Add(InputCheck.ToError("$.inputBase", resolved.Fault!));
        return null;
    }

    /// <summary>Local paths of the score parts; none with an error noted.</summary>
    private static List<string> Fetch(string from, StoragePaths paths, SpoolPins pins, List<DocumentError> errors)
    {
        try
        {
            return [.. ScoreFolder.Open(from, "$.from", paths.Storage).Value.Parts.Select(part => paths.Storage.Fetch(part, pins))];
        }
        catch (Exception e) when (e is StorageException or StorageRefusedException)
        {
            errors.Add(new("$.from", from, e.Message));
            return [];
        }
    }

    /// <summary>The shards that were scored, and whether the scores have what the rules name.</summary>
    private static List<ShardFile> Look(IReadOnlyList<string> parts, string inputBase, StoragePaths paths, SelectionDocument? document, List<DocumentError> errors)
    {
        var shards = new List<ShardFile>();
        var missing = new List<string>();
        for (var i = 0; i < parts.Count; i++)
        {
            var opened = ScorePartReader.Open(parts[i]);
            if (!opened.Ok)
            {
                errors.Add(InputCheck.ToError("$.from", opened.Fault!));
                continue;
            }

            using var reader = opened.Value;
            if (i == 0)
            {
                errors.AddRange(document?.Select?.Leaves.Where(l => reader.Schema.SignalIndex(l.Signal) < 0).Select(l => new DocumentError(
                    "$.select", l.Signal, $"is not a score of this folder; its scores are: {string.Join(", ", reader.Schema.Signals)}")) ?? []);
            }

            if (reader.Rows > 0 && reader.ReadGroup(0, 0, [ScoreColumn.Shard]).Text(ScoreColumn.Shard)[0] is { } name)
            {
                var resolved = paths.Storage.Resolve(name, "$.inputBase", inputBase);
                if (resolved.Ok && paths.Storage.Stat(resolved.Value) is { } found)
                {
                    shards.Add(new ShardFile(name, resolved.Value, found));
                }
                else
                {
                    missing.Add(name);
                }
            }
        }

        if (missing.Count > 0)
        {
            errors.Add(new(
                "$.inputBase", string.Join(", ", missing.Take(5)),
                $"{missing.Count} of the {parts.Count} scored shards are not below '{inputBase}'; name the folder that their paths start from"));
        }

        return shards;
    }
}
