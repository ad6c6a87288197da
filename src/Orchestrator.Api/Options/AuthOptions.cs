using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;

namespace Orchestrator.Api.Options;

/// <summary>Section <c>Auth</c>: who may use the server.</summary>
public sealed class AuthOptions
{
    /// <summary>Section name.</summary>
    public const string Section = "Auth";

    /// <summary>Keys. Default: none, and then the server listens on loopback only and lets every caller do everything.</summary>
    public List<AuthKeyOptions> Keys { get; set; } = [];
}

/// <summary>One key: exactly one of <see cref="Key"/> and <see cref="Sha256"/>.</summary>
public sealed class AuthKeyOptions
{
    /// <summary>The key itself, 16 characters or more.</summary>
    public string? Key { get; set; }

    /// <summary>Hex sha256 of the key's UTF-8 bytes, for configuration that is not secret.</summary>
    public string? Sha256 { get; set; }

    /// <summary>Whose key it is; appears in logs.</summary>
    public string? Name { get; set; }

    /// <summary>The only tenant whose jobs this key sees and submits. Default: every tenant.</summary>
    public string? Tenant { get; set; }

    /// <summary>Any of <c>reader</c>, <c>submitter</c>, <c>operator</c>; each includes those before it.</summary>
    public List<string> Roles { get; set; } = [];
}

internal sealed class AuthOptionsValidator : IValidateOptions<AuthOptions>
{
    private const int MinKeyLength = 16;

    public ValidateOptionsResult Validate(string? name, AuthOptions options)
    {
        var errors = new List<string>();
        for (var i = 0; i < options.Keys.Count; i++)
        {
            Check(options.Keys[i], $"Auth:Keys:{i}", errors);
        }

        foreach (var group in options.Keys.Where(k => k.Name is not null).GroupBy(k => k.Name).Where(g => g.Count() > 1))
        {
            errors.Add($"Auth:Keys: the name '{group.Key}' is given {group.Count()} times; give each key its own.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    // Never shows the key: these messages end in logs.
    private static void Check(AuthKeyOptions key, string path, List<string> errors)
    {
        if ((key.Key is null) == (key.Sha256 is null))
        {
            errors.Add($"{path}: give exactly one of Key and Sha256.");
        }

        if (key.Key is { Length: < MinKeyLength })
        {
            errors.Add($"{path}:Key: has {key.Key.Length} characters; give {MinKeyLength} or more.");
        }

        if (key.Sha256 is not null && (key.Sha256.Length != 64 || !key.Sha256.All(char.IsAsciiHexDigit)))
        {
            errors.Add($"{path}:Sha256: must have 64 hexadecimal digits.");
        }

        if (string.IsNullOrWhiteSpace(key.Name))
        {
            errors.Add($"{path}:Name: is missing; say whose key it is.");
        }

        if (key.Roles.Count == 0)
        {
            errors.Add($"{path}:Roles: is empty; give {Roles.List}.");
        }

        foreach (var role in key.Roles.Where(r => !Roles.Ordered.Contains(r, StringComparer.Ordinal)))
        {
            errors.Add($"{path}:Roles: '{role}' is not a role; give {Roles.List}.");
        }
    }
}
