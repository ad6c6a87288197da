using System.Text.Json;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Documents;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Submission;

/// <summary>A document of any kind measured against this server: what it would read and write, or every mistake in it.</summary>
public interface ISubmission
{
    /// <summary>The document's kind.</summary>
    string Kind { get; }

    /// <summary>Phases in order.</summary>
    IReadOnlyList<string> Phases { get; }

    /// <summary>The job's name; null where the document's fields have mistakes, as all that follow.</summary>
    string? Name { get; }

    /// <summary>Tenant that pays.</summary>
    string? Tenant { get; }

    /// <summary>Lower-case hex sha256 of the canonical form before paths were made absolute.</summary>
    string? DocumentHash { get; }

    /// <summary>Mistakes of the document and of what it points at; empty where it may run.</summary>
    IReadOnlyList<DocumentError> Errors { get; }

    /// <summary>Shards of the first phase.</summary>
    int ShardCount { get; }

    /// <summary>Bytes of the input.</summary>
    long Bytes { get; }

    /// <summary>Model folders it names.</summary>
    IReadOnlyList<string> Models { get; }

    /// <summary>Output folder; null where the server chooses it with the job's id.</summary>
    string? Output { get; }

    /// <summary>What a selection would keep; null where it was not asked for or is not known.</summary>
    SelectionPreview? Preview { get; }

    /// <summary>The job to be stored, under a new id.</summary>
    /// <exception cref="InvalidOperationException">The document has mistakes.</exception>
    NewJob ToJob(string? idempotencyKey);
}

/// <summary>Reads documents of one kind. Writes nothing. Safe for concurrent use.</summary>
public interface IDocumentPlanner
{
    /// <summary>The kind.</summary>
    string Kind { get; }

    /// <summary>Phases of its jobs in order.</summary>
    IReadOnlyList<string> Phases { get; }

    /// <summary>Reads the fields only: enough to know the document's tenant and hash.</summary>
    /// <param name="root">The document as posted.</param>
    /// <param name="tenant">Tenant of a document that names none; null for the usual default.</param>
    ISubmission Read(JsonElement root, string? tenant);

    /// <summary>Reads the fields and looks at everything that they point at.</summary>
    /// <param name="root">The document as posted.</param>
    /// <param name="tenant">As in <see cref="Read"/>; also the tenant whose jobs the document may name.</param>
    /// <param name="preview">Whether to count what a selection would keep.</param>
    /// <param name="cancellationToken">Observed while counting.</param>
    Task<ISubmission> PlanAsync(JsonElement root, string? tenant, bool preview, CancellationToken cancellationToken);
}

/// <summary>The planners by kind.</summary>
public sealed class DocumentPlanners(IEnumerable<IDocumentPlanner> planners)
{
    private readonly Dictionary<string, IDocumentPlanner> byKind = planners.ToDictionary(p => p.Kind, StringComparer.Ordinal);

    /// <summary>The planner of a document, or the mistake in its <c>kind</c>.</summary>
    public (IDocumentPlanner? Planner, DocumentError? Error) Find(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return (null, new("$", null, "must be an object"));
        }

        var written = root.TryGetProperty("kind", out var kind) ? kind : default;
        return written.ValueKind == JsonValueKind.String && byKind.TryGetValue(written.GetString()!, out var planner)
            ? (planner, null)
            : (null, new("$.kind", written.ValueKind == JsonValueKind.Undefined ? null : written.ToString(), $"must be one of {string.Join(", ", byKind.Keys.Order(StringComparer.Ordinal))}"));
    }

    /// <summary>Phases of a kind in order; empty for one that this server does not know.</summary>
    public IReadOnlyList<string> PhasesOf(string kind) => byKind.TryGetValue(kind, out var planner) ? planner.Phases : [];
}
