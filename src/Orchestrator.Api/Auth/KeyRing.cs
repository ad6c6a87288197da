using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Options;

namespace Orchestrator.Api.Auth;

/// <summary>Who a key belongs to.</summary>
/// <param name="Name">For logs.</param>
/// <param name="Tenant">Its tenant; null for all.</param>
/// <param name="Roles">Its roles, included ones listed too.</param>
public sealed record KeyHolder(string Name, string? Tenant, IReadOnlySet<string> Roles);

/// <summary>The keys of the server, as hashes. Immutable; safe for concurrent use.</summary>
public sealed class KeyRing
{
    /// <summary>What a hash in the configuration begins with, so that it is never taken for a key.</summary>
    public const string HashPrefix = "sha256:";

    // The web server asks for this object before the settings are checked; reading them then would report their mistakes alone.
    private readonly Lazy<(byte[] Hash, KeyHolder Holder)[]> keys;

    /// <summary>Takes the keys of the options when they are first needed.</summary>
    public KeyRing(IOptions<AuthOptions> options) => keys = new(() =>
        [.. options.Value.Keys.Select(k => (HashOf(k), new KeyHolder(k.Name ?? "", k.Tenant, k.Roles.SelectMany(Roles.Expand).ToHashSet(StringComparer.Ordinal))))]);

    /// <summary>True where no key is configured: then everyone who reaches the loopback port is trusted.</summary>
    public bool IsEmpty => keys.Value.Length == 0;

    /// <summary>The holder of a presented key, or null. Compares with every key, so time tells nothing about which one was close.</summary>
    public KeyHolder? Find(string presented)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(presented), hash);
        KeyHolder? found = null;
        foreach (var (known, holder) in keys.Value)
        {
            if (CryptographicOperations.FixedTimeEquals(known, hash))
            {
                found = holder;
            }
        }

        return found;
    }

    /// <summary>What the configuration needs to know of a key: <c>sha256:</c> and the hash of its UTF-8 bytes.</summary>
    public static string Hash(string key) => HashPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>A new key: <c>orch_</c> and 256 random bits.</summary>
    public static string NewKey() => "orch_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private static byte[] HashOf(AuthKeyOptions key) =>
        key.Hash is { } hex ? Convert.FromHexString(hex) : SHA256.HashData(Encoding.UTF8.GetBytes(key.Key ?? ""));
}
