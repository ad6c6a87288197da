using System.Text.Json;

namespace Orchestrator.Domain.Documents;

/// <summary>The part of <c>limits</c> that documents of every kind have.</summary>
public static class JobLimits
{
    /// <summary>Most shards of one job that may run at a time, as a document may say.</summary>
    public const int MaxParallelism = 100_000;

    private const string Limits = "limits";
    private const string Parallelism = "parallelism";

    /// <summary>Reads <c>parallelism</c> of an open <c>limits</c>: shards of the job that run at a time, 1 to 100,000; null for as many as there are slots.</summary>
    public static int? ReadParallelism(DocumentScope limits) =>
        limits.Has(Parallelism) ? (int)limits.Whole(Parallelism, null, 1, MaxParallelism) : null;

    /// <summary>Reads the <c>limits</c> of a document whose kind has no others.</summary>
    public static int? Read(DocumentScope document)
    {
        if (!document.Has(Limits) || document.Object(Limits) is not { } limits)
        {
            return null;
        }

        var parallelism = ReadParallelism(limits);
        limits.RejectUnknown();
        return parallelism;
    }

    /// <summary>The <c>parallelism</c> of a canonical document of any kind; null where it sets none.</summary>
    public static int? ParallelismOf(string document)
    {
        using var json = JsonDocument.Parse(document);
        return json.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty(Limits, out var limits) && limits.ValueKind == JsonValueKind.Object
            && limits.TryGetProperty(Parallelism, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var parallelism) && parallelism > 0
            ? parallelism
            : null;
    }
}
