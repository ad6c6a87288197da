using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Api.Webhooks;

/// <summary>
/// How a delivery is signed: the header <c>X-Orchestrator-Signature: t=SECONDS,v1=HEX</c>, where HEX is HMAC-SHA256 (RFC 2104) with
/// the webhook's secret over <c>SECONDS.BODY</c>. The receiver computes the same, compares in constant time, and refuses a time
/// that is minutes away, so that a recorded delivery cannot be played again.
/// </summary>
public static class WebhookSignature
{
    /// <summary>Name of the header.</summary>
    public const string Header = "X-Orchestrator-Signature";

    /// <summary>The header's value.</summary>
    /// <param name="secret">The webhook's secret as shown at its creation.</param>
    /// <param name="at">Time of sending; whole seconds since 1970 count.</param>
    /// <param name="body">The exact bytes of the body.</param>
    public static string Of(string secret, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        var seconds = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hmac.AppendData(Encoding.ASCII.GetBytes($"{seconds}."));
        hmac.AppendData(body);
        return $"t={seconds},v1={Convert.ToHexStringLower(hmac.GetCurrentHash())}";
    }

    /// <summary>The secret of a webhook: derived, so that no database holds it.</summary>
    public static string SecretOf(string signingKey, string webhook) =>
        "whsec_" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(signingKey), Encoding.UTF8.GetBytes($"webhook:{webhook}")));
}
