namespace Orchestrator.Domain.Documents;

/// <summary>One mistake in a document.</summary>
/// <param name="Path">JSON path of the field, for example <c>$.select.all[0].topFraction</c>.</param>
/// <param name="Value">The value as written, shortened; null where the field is missing.</param>
/// <param name="Message">What is wrong and what is allowed instead.</param>
public sealed record DocumentError(string Path, string? Value, string Message);

/// <summary>A document, or every mistake in it.</summary>
public sealed record Parsed<T>(T? Document, IReadOnlyList<DocumentError> Errors)
    where T : class
{
    /// <summary>True where there is a document and no mistake.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(true, nameof(Document))]
    public bool IsValid => Document is not null && Errors.Count == 0;
}
