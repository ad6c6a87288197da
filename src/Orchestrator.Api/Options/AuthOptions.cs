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

    /// <summary>True to refuse to start while a key stands in the configuration in plain text. Default: false, a warning names it.</summary>
    public bool RequireHashedKeys { get; set; }
}

/// <summary>One key: exactly one of <see cref="Key"/> and <see cref="Sha256"/>.</summary>
public sealed class AuthKeyOptions
{
    /// <summary>
    /// <c>sha256:</c> and the 64 hexadecimal digits that <c>orchestrator key</c> prints, or the key itself, 16 characters or
    /// more. Keys are made by machines from 256 random bits, so a slow hash would protect nothing more and would let strangers
    /// burn the server's time.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>Hex sha256 of the key's UTF-8 bytes, for configuration that is not secret.</summary>
    public string? Sha256 { get; set; }

    /// <summary>Whose key it is; appears in logs.</summary>
    public string? Name { get; set; }

    /// <summary>The only tenant whose jobs this key sees and submits. Default: every tenant.</summary>
    public string? Tenant { get; set; }

    /// <summary>Any of <c>reader</c>, <c>submitter</c>, <c>operator</c>; each includes those before it.</summary>
    public List<string> Roles { get; set; } = [];

    /// <summary>The hash as hexadecimal digits; null where the key stands there in plain text.</summary>
    internal string? Hash => Sha256 ?? (Key?.StartsWith(KeyRing.HashPrefix, StringComparison.Ordinal) == true ? Key[KeyRing.HashPrefix.Length..] : null);
}

internal sealed class AuthOptionsValidator : IValidateOptions<AuthOptions>
{
    private const int MinKeyLength = 16;

    public ValidateOptionsResult Validate(string? name, AuthOptions options)
    {
        var errors = new List<string>();
        for (var i = 0; i < options.Keys.Count; i++)
        {
            Check(options.Keys[i], $"Auth:Keys:{i}", options.RequireHashedKeys, errors);
        }

        foreach (var group in options.Keys.Where(k => k.Name is not null).GroupBy(k => k.Name).Where(g => g.Count() > 1))
        {
            errors.Add($"Auth:Keys: the name '{group.Key}' is given {group.Count()} times; give each key its own.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    // Never shows the key: these messages end in logs.
    private static void Check(AuthKeyOptions key, string path, bool requireHashed, List<string> errors)
    {
        if ((key.Key is null) == (key.Sha256 is null))
        {
            errors.Add($"{path}: give exactly one of Key and Sha256.");
        }

        if (key.Hash is { } hash && (hash.Length != 64 || !hash.All(char.IsAsciiHexDigit)))
        {
            errors.Add($"{path}:{(key.Sha256 is null ? "Key: after 'sha256:'" : "Sha256:")} must have 64 hexadecimal digits.");
        }

        if (key is { Hash: null, Key: { Length: < MinKeyLength } plain })
        {
            errors.Add($"{path}:Key: has {plain.Length} characters; give {MinKeyLength} or more.");
        }

        if (requireHashed && key is { Hash: null, Key: not null })
        {
            errors.Add($"{path}:Key: stands there in plain text, which Auth:RequireHashedKeys refuses; give what 'orchestrator key hash' prints.");
        }

        if (key.Tenant is not null && key.Roles.Contains(Roles.Operator, StringComparer.Ordinal))
        {
            errors.Add($"{path}:Roles: an operator rules workers and the dashboard, which all tenants share; leave Tenant out, or give {Roles.Submitter}.");
        }

        if (key.Tenant is { } tenant && !TenantNames.IsValid(tenant))
        {
            errors.Add($"{path}:Tenant: must have 1 to 64 characters of letters, digits, '.', '_' and '-', and start with a letter or digit.");
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
