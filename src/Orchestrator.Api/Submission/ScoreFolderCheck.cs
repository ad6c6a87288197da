using Orchestrator.Data.Scores;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Submission;

/// <summary>Finds the scores that a document names: by the id of a finished curation job, or by a folder.</summary>
public sealed class ScoreFolderCheck(IJobStore store)
{
    /// <summary>Absolute path of a folder that holds score parts, or null with an error noted.</summary>
    /// <param name="field">The job id or path.</param>
    /// <param name="paths">Folders that the document may name.</param>
    /// <param name="tenant">Tenant whose jobs may be named; null for all.</param>
    /// <param name="errors">Receives the mistake.</param>
    internal async Task<string?> RunAsync(WrittenField field, StoragePaths paths, string? tenant, List<DocumentError> errors)
    {
        var folder = field.Text;
        if (JobId.TryParse(field.Text, out var id) && await store.GetJobAsync(id, CancellationToken.None) is { } job && (tenant is null || job.Tenant == tenant))
        {
            if (job.State is not (JobState.Succeeded or JobState.SucceededWithFailures) || job.OutputKey is null)
            {
                errors.Add(new(field.Path, field.Text, $"the job is {Http.WireNames.Of(job.State)}; name one that has succeeded"));
                return null;
            }

            folder = job.OutputKey;
        }

        var resolved = paths.Storage.Resolve(folder, field.Path, paths.BaseDirectory);
        var found = resolved.Ok ? await StoragePaths.RunAsync(() => ScoreFolder.Open(resolved.Value, field.Path, paths.Storage)) : resolved.Fault!;
        if (found.Ok)
        {
            return resolved.Value;
        }

        errors.Add(InputCheck.ToError(field.Path, found.Fault!) with { Value = field.Text });
        return null;
    }
}
