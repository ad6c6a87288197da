namespace Orchestrator.Api.Auth;

/// <summary>What a key may do. Also the names of the authorization policies.</summary>
public static class Roles
{
    /// <summary>May look.</summary>
    public const string Reader = "reader";

    /// <summary>May look, and submit and steer jobs.</summary>
    public const string Submitter = "submitter";

    /// <summary>May do everything, workers and dashboard included.</summary>
    public const string Operator = "operator";

    /// <summary>All, each including those before it.</summary>
    public static IReadOnlyList<string> Ordered { get; } = [Reader, Submitter, Operator];

    internal static string List => string.Join(", ", Ordered);

    /// <summary>A role and those that it includes.</summary>
    public static IEnumerable<string> Expand(string role) =>
        Ordered.TakeWhile(r => r != role).Append(role);
}
