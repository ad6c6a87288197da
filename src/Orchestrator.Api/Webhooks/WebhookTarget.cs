using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Api.Webhooks;

/// <summary>Which addresses the server may call: listed hosts, and of those only what is out on the network.</summary>
internal static class WebhookTarget
{
    public const int MaxLength = 2048;

    /// <summary>Networks that a server must not be talked into calling (RFC 6890 and its registries), loopback and link-local first of all.</summary>
    private static readonly IPNetwork[] Inner =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        ]).Select(text => IPNetwork.Parse(text)),
    ];

    /// <summary>Why an address may not be called, as the end of a sentence; null where it may.</summary>
    public static string? ProblemOf(string url, WebhooksOptions options)
    {
        if (url.Length > MaxLength || url.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) || !Uri.TryCreate(url, UriKind.Absolute, out var uri))
        {
            return $"must be an address of at most {MaxLength} characters, for example https://hooks.example.org/ended";
        }

        if (uri.Scheme != Uri.UriSchemeHttps && !(options.AllowHttp && uri.Scheme == Uri.UriSchemeHttp))
        {
            return options.AllowHttp ? "must begin with https:// or http://" : "must begin with https://";
        }

        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            return "must have neither a user name nor a fragment";
        }

        return options.AllowedHosts.Any(allowed => Matches(allowed, uri))
            ? null
            : $"its host is not in Webhooks:AllowedHosts; there are: {string.Join(", ", options.AllowedHosts)}";
    }

    /// <summary>True for an address out on the network: not loopback, private, link-local, multicast, reserved, or one of those in the clothes of IPv6.</summary>
    public static bool IsPublic(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 && !Inner.Any(network => network.Contains(plain));
    }

    private static bool Matches(string allowed, Uri uri) =>
        Uri.TryCreate($"{uri.Scheme}://{allowed}/", UriKind.Absolute, out var host)
        && host.Port == uri.Port
        && string.Equals(host.IdnHost.TrimEnd('.'), uri.IdnHost.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);
}
