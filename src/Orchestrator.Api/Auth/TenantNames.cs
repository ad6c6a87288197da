namespace Orchestrator.Api.Auth;

/// <summary>Names of tenants, as documents may write them.</summary>
internal static class TenantNames
{
    /// <summary>The tenant of documents and callers that name none.</summary>
    public const string Default = "default";

    private const int MaxLength = 64;

    public static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxLength && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
