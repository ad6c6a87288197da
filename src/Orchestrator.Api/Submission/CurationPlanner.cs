using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Options;
using Orchestrator.Api.Workers;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage.S3;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Api.Submission;

/// <summary>
/// Measures a curation document against this server: its fields, its input files, its output folder, its models. Reports
/// every mistake at once. Writes nothing. Safe for concurrent use.
/// </summary>
public sealed class CurationPlanner(StoragePaths storage, WorkerDirectory workers, ScoreFolderCheck scoreFolders, IOptions<LimitsOptions> limits) : IDocumentPlanner
{
    // A document can be wrong in a hundred thousand places; nobody reads past the first hundred.
    private const int MaxErrors = 100;

    /// <inheritdoc />
    public string Kind => CurationDocument.Kind;

    /// <inheritdoc />
    public IReadOnlyList<string> Phases => JobDraft.PhasesOf(Kind);

    /// <inheritdoc />
    public ISubmission Read(JsonElement root, string? tenant)
    {
        var (document, errors) = Parse(root, tenant);
        return document is null ? new CurationSubmission(null, errors, [], 0) : new CurationSubmission(Draft(document, HashOf(document), []), [], [], 0);
    }

    /// <inheritdoc />
    public async Task<ISubmission> PlanAsync(JsonElement root, string? tenant, bool preview, CancellationToken cancellationToken)
    {
        var (read, mistakes) = Parse(root, tenant);
        var written = WrittenFields.Of(root);
        var errors = mistakes.ToList();
        var paths = storage.For(root, tenant);

        var input = await StoragePaths.RunAsync(() => InputCheck.Run(written.Shards, paths, limits.Value.MaxShards, errors, written.HasDownloadTables));
        var output = written.Output is { } path ? await StoragePaths.RunAsync(() => OutputCheck.Run(path, paths, errors)) : null;
        var files = written.Files.DistinctBy(f => f.Text).ToDictionary(f => f.Text, f => FileCheck(f, paths, errors), StringComparer.Ordinal);
        var folders = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var field in written.Folders)
        {
            files[field.Text] = DictionaryCheck(field, paths, errors);
        }

        foreach (var field in written.ScoreFolders)
        {
            folders[field.Text] = await scoreFolders.RunAsync(field, paths, tenant, errors);
            if (field.Path.EndsWith(".embeddingsFrom", StringComparison.Ordinal) && folders[field.Text] is { } folder && S3Address.Is(folder))
            {
                errors.Add(new(field.Path, field.Text, $"the embeddings are in {folder}, and embeddingsFrom takes a folder of a disk: copy manifest.json, scores/ and embeddings/ of it to one, and name that"));
            }
        }

        var subset = written.Subset is { } uids ? await StoragePaths.RunAsync(() => PublishedDataCheck.Subset(uids, paths, errors)) : null;
        if (written.HasDownloadTables)
        {
            await StoragePaths.RunAsync(() => PublishedDataCheck.DownloadTables(input, paths, errors));
        }

        var tables = await StoragePaths.RunAsync(() => TablesOf(read, written, paths, errors));
        ModelCheck.Run(written.Models, await workers.ListAsync(), errors);

        if (errors.Count > 0 || read is null || output is null)
        {
            return new CurationSubmission(read is null ? null : Draft(read, HashOf(read), []), Shorten(errors), input.Shards, input.Bytes);
        }

        var document = read with
        {
            Input = read.Input with { Subset = subset },
            Output = read.Output with { Path = output },
            Stages = [.. read.Stages.Select((s, i) => s is ColumnsOptions columns ? columns with { From = tables[i] } : WithAbsolutePaths(s, files, folders))],
        };
        var shards = input.Shards.Select((shard, i) => new ShardSpec(i, InputShardPayload.ToJson(shard))).ToList();
        return new CurationSubmission(Draft(document, HashOf(read), shards), [], input.Shards, input.Bytes);
    }

    /// <summary>The first hundred mistakes, and how many more there are.</summary>
    internal static List<DocumentError> Shorten(List<DocumentError> errors) => errors.Count <= MaxErrors
        ? errors
        : [.. errors.Take(MaxErrors), new("$", null, $"and {errors.Count - MaxErrors} more mistakes")];

    private static (CurationDocument? Document, IReadOnlyList<DocumentError> Errors) Parse(JsonElement root, string? tenant)
    {
        var parsed = CurationParser.Parse(root);
        return !parsed.IsValid ? (null, parsed.Errors)
            : tenant is null || WrittenFields.Of(root).NamesTenant ? (parsed.Document, [])
            : (parsed.Document with { Tenant = tenant }, []);
    }

    private static JobDraft Draft(CurationDocument document, string hash, IReadOnlyList<ShardSpec> shards) => new(
        CurationDocument.Kind, document.Name, document.Tenant, document.Priority, CurationParser.ToJson(document).ToJsonString(), hash,
        document.Output.Path, document.Models, shards);

    /// <summary>Files of the <c>columns</c> stages by position of the stage.</summary>
    private static Dictionary<int, IReadOnlyList<string>> TablesOf(CurationDocument? document, WrittenFields written, StoragePaths paths, List<DocumentError> errors)
    {
        var tables = new Dictionary<int, IReadOnlyList<string>>();
        foreach (var stage in written.Tables.GroupBy(t => t.Path[.."$.stages[".Length] + t.Path["$.stages[".Length..t.Path.IndexOf(']', StringComparison.Ordinal)]))
        {
            var index = int.Parse(stage.Key["$.stages[".Length..], System.Globalization.CultureInfo.InvariantCulture);
            tables[index] = PublishedDataCheck.Tables([.. stage], document?.Stages[index] as ColumnsOptions, paths, errors);
        }

        return tables;
    }

    private static StageOptions WithAbsolutePaths(StageOptions stage, Dictionary<string, string?> files, Dictionary<string, string?> folders) => stage switch
    {
        BasicFilterOptions { LanguageModel: { } model } basic => basic with { LanguageModel = files[model] },
        BalanceOptions balance => balance with { Entries = files[balance.Entries]! },
        SynsetLabelsOptions labels => labels with { Dictionary = files[labels.Dictionary]! },
        ImageClusterFilterOptions clusters => clusters with
        {
            Centroids = clusters.Centroids is { } centroids ? files[centroids] : null,
            Reference = (clusters.ReferenceIsArray ? files : folders)[clusters.Reference]!,
        },
        PairScoreOptions { EmbeddingsFrom: { } earlier } pair => pair with { EmbeddingsFrom = folders[earlier] },
        DedupOptions { Against.Count: > 0 } dedup => dedup with { Against = [.. dedup.Against.Select(a => folders[a]!)] },
        _ => stage,
    };

    private static string HashOf(CurationDocument document) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(CurationParser.ToJson(document).ToJsonString())));

    private static string? DictionaryCheck(WrittenField field, StoragePaths paths, List<DocumentError> errors)
    {
        var resolved = paths.Roots.Resolve(field.Text, field.Path, paths.BaseDirectory);
        if (!resolved.Ok)
        {
            errors.Add(InputCheck.ToError(field.Path, resolved.Fault!));
            return null;
        }

        if (WordNetNouns.FileNames.FirstOrDefault(name => !File.Exists(Path.Combine(resolved.Value, name))) is { } missing)
        {
            errors.Add(new(field.Path, field.Text, $"is not a folder with {string.Join(", ", WordNetNouns.FileNames)} in WordNet's database format: {missing} is missing; relative paths start at '{paths.BaseDirectory}'"));
            return null;
        }

        return resolved.Value;
    }

    private static string? FileCheck(WrittenField field, StoragePaths paths, List<DocumentError> errors)
    {
        var resolved = paths.Roots.Resolve(field.Text, field.Path, paths.BaseDirectory);
        if (!resolved.Ok)
        {
            errors.Add(InputCheck.ToError(field.Path, resolved.Fault!));
            return null;
        }

        if (!File.Exists(resolved.Value))
        {
            errors.Add(new(field.Path, field.Text, $"the file does not exist; relative paths start at '{paths.BaseDirectory}'"));
            return null;
        }

        return resolved.Value;
    }
}
