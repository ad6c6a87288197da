using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Options;
using Orchestrator.Api.Workers;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Api.Submission;

/// <summary>
/// Measures a curation document against this server: its fields, its input files, its output folder, its models. Reports
/// every mistake at once. Writes nothing. Safe for concurrent use.
/// </summary>
public sealed class CurationPlanner(StoragePaths paths, WorkerDirectory workers, IOptions<LimitsOptions> limits)
{
    // A document can be wrong in a hundred thousand places; nobody reads past the first hundred.
    private const int MaxErrors = 100;

    /// <summary>Reads the fields only: enough to know the document's tenant and hash.</summary>
    /// <param name="root">The document as posted.</param>
    /// <param name="tenant">Tenant of a document that names none; null for the usual default.</param>
    public static CurationSubmission Read(JsonElement root, string? tenant)
    {
        var parsed = CurationParser.Parse(root);
        if (!parsed.IsValid)
        {
            return new(null, null, parsed.Errors, [], 0);
        }

        var document = tenant is null || WrittenFields.From(root).NamesTenant ? parsed.Document : parsed.Document with { Tenant = tenant };
        return new(document, HashOf(document), [], [], 0);
    }

    /// <summary>Reads the fields and looks at everything that they point at.</summary>
    public async Task<CurationSubmission> PlanAsync(JsonElement root, string? tenant)
    {
        var read = Read(root, tenant);
        var written = WrittenFields.From(root);
        var errors = read.Errors.ToList();

        var input = InputCheck.Run(written.Shards, paths, limits.Value.MaxShards, errors);
        var output = written.Output is { } path ? OutputCheck.Run(path, paths, errors) : null;
        var files = written.Files.DistinctBy(f => f.Text).ToDictionary(f => f.Text, f => FileCheck(f, errors), StringComparer.Ordinal);
        ModelCheck.Run(written.Models, await workers.ListAsync(), errors);

        if (errors.Count > 0 || read.Document is null || output is null)
        {
            return new(read.Document, read.DocumentHash, Shorten(errors), input.Shards, input.Bytes);
        }

        var document = read.Document with
        {
            Output = read.Document.Output with { Path = output },
            Stages = [.. read.Document.Stages.Select(s => WithAbsolutePaths(s, files))],
        };
        return new(document, read.DocumentHash, [], input.Shards, input.Bytes);
    }

    private static StageOptions WithAbsolutePaths(StageOptions stage, Dictionary<string, string?> files) => stage switch
    {
        BasicFilterOptions { LanguageModel: { } model } basic => basic with { LanguageModel = files[model] },
        _ => stage,
    };

    private static string HashOf(CurationDocument document) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(CurationParser.ToJson(document).ToJsonString())));

    private static List<DocumentError> Shorten(List<DocumentError> errors) => errors.Count <= MaxErrors
        ? errors
        : [.. errors.Take(MaxErrors), new("$", null, $"and {errors.Count - MaxErrors} more mistakes")];

    private string? FileCheck(WrittenField field, List<DocumentError> errors)
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
