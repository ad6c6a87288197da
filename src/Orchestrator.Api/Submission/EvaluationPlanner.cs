using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Options;
using Orchestrator.Api.Workers;
using Orchestrator.Data;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Submission;

/// <summary>Measures an evaluation document against this server: its fields, its prompts, its output folder, its models. Reports every mistake at once.</summary>
public sealed class EvaluationPlanner(StoragePaths storage, WorkerDirectory workers, IOptions<LimitsOptions> limits) : IDocumentPlanner
{
    private const string DefaultFolder = "evaluations";
    private static readonly string[] ModelFields = ["draft", "heads", "head", "module", "datastore"];

    /// <inheritdoc />
    public string Kind => EvaluationDocument.Kind;

    /// <inheritdoc />
    public IReadOnlyList<string> Phases { get; } = new EvaluationPlan().Phases;

    /// <inheritdoc />
    public ISubmission Read(JsonElement root, string? tenant)
    {
        var parsed = EvaluationParser.Parse(root);
        if (!parsed.IsValid)
        {
            return new EvaluationSubmission(null, null, parsed.Errors, 0, 0, "");
        }

        var document = tenant is null || WrittenFields.Of(root).NamesTenant ? parsed.Document : parsed.Document with { Tenant = tenant };
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(EvaluationParser.ToJson(document).ToJsonString())));
        return new EvaluationSubmission(document, hash, [], 0, 0, "");
    }

    /// <inheritdoc />
    public async Task<ISubmission> PlanAsync(JsonElement root, string? tenant, bool preview, CancellationToken cancellationToken)
    {
        var read = (EvaluationSubmission)Read(root, tenant);
        var errors = read.Errors.ToList();
        var paths = storage.For(root, tenant);
        var output = WrittenFields.Of(root).Output is { } written ? await StoragePaths.RunAsync(() => OutputCheck.Run(written, paths, errors)) : null;
        var needed = read.Document?.Models;
        ModelCheck.Run([.. NamedModels(root).Where(field => needed?.Contains(field.Text) ?? true)], await workers.ListAsync(), errors);
        if (read.Document is not { } document)
        {
            return read with { Errors = errors };
        }

        var (path, prompts) = ReadPrompts(document.Prompts, paths, errors);
        var shards = EvaluationPlan.FirstShards(document, Math.Max(1, prompts)).Count;
        if (shards > limits.Value.MaxShards)
        {
            errors.Add(new("$.methods", null, $"{document.Cells.Count} cells over {prompts} prompts make {shards} shards; this server allows {limits.Value.MaxShards} (Limits:MaxShards)"));
        }

        return errors.Count > 0
            ? read with { Errors = errors }
            : new EvaluationSubmission(
                document with { Prompts = document.Prompts with { Path = path! }, Output = output },
                read.DocumentHash, [], prompts, new FileInfo(path!).Length, Path.Combine(paths.BaseDirectory, DefaultFolder));
    }

    /// <summary>The models as written, whatever else is wrong with the document.</summary>
    private static List<WrittenField> NamedModels(JsonElement root)
    {
        var named = new List<WrittenField>();
        if (root.ValueKind != JsonValueKind.Object)
        {
            return named;
        }

        Add(root, "target", "$.target");
        if (root.TryGetProperty("methods", out var methods) && methods.ValueKind == JsonValueKind.Array)
        {
            foreach (var (index, method) in methods.EnumerateArray().Index())
            {
                foreach (var field in ModelFields)
                {
                    Add(method, field, $"$.methods[{index}].{field}");
                }
            }
        }

        return named;

        void Add(JsonElement parent, string field, string path)
        {
            if (parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String)
            {
                named.Add(new(path, value.GetString()!));
            }
        }
    }

    private static (string? Path, int Count) ReadPrompts(EvaluationPrompts prompts, StoragePaths paths, List<DocumentError> errors)
    {
        const string Field = "$.prompts.path";
        var resolved = paths.Roots.Resolve(prompts.Path, "prompts.path", paths.BaseDirectory);
        if (!resolved.Ok)
        {
            errors.Add(InputCheck.ToError(Field, resolved.Fault!));
            return (null, 0);
        }

        if (!File.Exists(resolved.Value))
        {
            errors.Add(new(Field, prompts.Path, $"the file does not exist; relative paths start at '{paths.BaseDirectory}'"));
            return (null, 0);
        }

        try
        {
            var query = new EvaluationPromptsQuery(prompts.Format == "spec-bench", prompts.Limit, prompts.Categories);
            var (count, fault) = prompts.Format == EvaluationDocument.RecordFormat
                ? Counted(RecordsJsonl.Read(resolved.Value, query), record => record.Prompts.Count)
                : Counted(PromptsJsonl.Read(resolved.Value, query), read => read.Count);
            if (fault is not null)
            {
                errors.Add(InputCheck.ToError(Field, fault));
            }

            return (resolved.Value, count);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(new(Field, prompts.Path, $"cannot be read ({e.Message}); check its permissions"));
            return (null, 0);
        }
    }

    private static (int Count, DataFault? Fault) Counted<T>(Checked<T> read, Func<T, int> count) => read.Ok ? (count(read.Value), null) : (0, read.Fault);
}

/// <summary>An evaluation document measured against this server.</summary>
/// <param name="Document">With absolute paths; null where it has mistakes of its own.</param>
/// <param name="Prompts">Prompts that it takes.</param>
/// <param name="Bytes">Size of the prompts' file.</param>
/// <param name="DefaultOutput">Folder under which jobs without an output path get one by their id.</param>
public sealed record EvaluationSubmission(
    EvaluationDocument? Document, string? DocumentHash, IReadOnlyList<DocumentError> Errors, int Prompts, long Bytes, string DefaultOutput) : ISubmission
{
    /// <inheritdoc />
    public string Kind => EvaluationDocument.Kind;

    /// <inheritdoc />
    public IReadOnlyList<string> Phases { get; } = new EvaluationPlan().Phases;

    /// <inheritdoc />
    public string? Name => Document?.Name;

    /// <inheritdoc />
    public string? Tenant => Document?.Tenant;

    /// <inheritdoc />
    public int ShardCount => Document is null || Prompts == 0 ? 0 : EvaluationPlan.FirstShards(Document, Prompts).Count;

    /// <inheritdoc />
    public IReadOnlyList<string> Models => Document?.Models ?? [];

    /// <inheritdoc />
    public string? Output => Document?.Output;

    /// <inheritdoc />
    public SelectionPreview? Preview => null;

    /// <inheritdoc />
    public NewJob ToJob(string? idempotencyKey)
    {
        if (Document is null || DocumentHash is null || Errors.Count > 0)
        {
            throw new InvalidOperationException("A document with mistakes cannot become a job.");
        }

        var id = JobId.Create("eval");
        var document = Document with { Output = Document.Output ?? Path.Combine(DefaultOutput, id.Value) };
        var first = EvaluationPlan.FirstPhase(document);
        return new NewJob(
            id,
            Kind,
            document.Name,
            document.Tenant,
            document.Priority,
            EvaluationParser.ToJson(document).ToJsonString(),
            DocumentHash,
            document.Output,
            idempotencyKey,
            document.Models,
            Phases,
            first,
            EvaluationPlan.FirstShards(document, Prompts));
    }
}
