namespace Orchestrator.Api.Pages;

/// <summary>Marks an endpoint that answers people: its refusals and faults are pages, too, not problem documents.</summary>
internal sealed class PageMetadata
{
    public static PageMetadata Instance { get; } = new();
}
