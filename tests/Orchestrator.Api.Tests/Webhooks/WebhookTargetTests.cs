using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Api.Webhooks;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Tests.Webhooks;

/// <summary>Signature, addresses and waits.</summary>
public sealed class WebhookTargetTests
{
    /// <summary>
    /// The hexadecimal digits are OpenSSL's: <c>printf '1700000000.{"type":"job.ended"}' | openssl dgst -sha256 -hmac whsec_test</c>.
    /// </summary>
    [Fact]
    public void Signature_IsWhatOpenSslSays() => Assert.Equal(
        "t=1700000000,v1=7acc5a45815dce61933b6767580742a438654979f2952fb6a9dd818a2e70589d",
        WebhookSignature.Of("whsec_test", DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), """{"type":"job.ended"}"""u8));

    [Fact]
    public void Secret_DiffersByWebhookAndByKey()
    {
        string[] secrets = [WebhookSignature.SecretOf("key-a", "hook-1"), WebhookSignature.SecretOf("key-a", "hook-2"), WebhookSignature.SecretOf("key-b", "hook-1")];
        Assert.Equal(3, secrets.Distinct().Count());
        Assert.Equal(secrets[0], WebhookSignature.SecretOf("key-a", "hook-1"));
        Assert.All(secrets, s => Assert.Matches("^whsec_[0-9a-f]{64}$", s));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("192.0.2.1")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:db8::1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("fe80::1")]
    [InlineData("ff02::1")]
    public void IsPublic_InnerAddress_IsNot(string address) => Assert.False(WebhookTarget.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("8.8.8.8")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("2606:4700:4700::1111")]
    public void IsPublic_AddressOnTheNetwork_Is(string address) => Assert.True(WebhookTarget.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://hooks.example.org/a?b=c")]
    [InlineData("https://HOOKS.example.org./a")]
    [InlineData("https://hooks.example.org:443/")]
    [InlineData("https://other.example.org:8443/x")]
    public void ProblemOf_AllowedAddress_IsNone(string url) =>
        Assert.Null(WebhookTarget.ProblemOf(url, new() { AllowedHosts = ["hooks.example.org", "other.example.org:8443"] }));

    /// <summary>An allowed name that points inside is not called: the listener that it points at hears nothing.</summary>
    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    public async Task Send_AllowedNameWithInnerAddress_IsNotConnected(string host)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var sender = new WebhookSender(
            Microsoft.Extensions.Options.Options.Create(new WebhooksOptions { AllowedHosts = [$"{host}:{port}"], AllowHttp = true, SigningKey = new string('k', 40) }), TimeProvider.System);

        var result = await sender.SendAsync(Delivery($"http://{host}:{port}/"), default);

        Assert.Null(result.Status);
        Assert.Contains("no address on the public network", result.Error, StringComparison.Ordinal);
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task Send_HostNoLongerAllowed_IsNotConnected()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var sender = new WebhookSender(
            Microsoft.Extensions.Options.Options.Create(new WebhooksOptions { AllowedHosts = ["hooks.example.org"], AllowHttp = true, AllowPrivateAddresses = true, SigningKey = new string('k', 40) }), TimeProvider.System);

        Assert.NotNull((await sender.SendAsync(Delivery($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/"), default)).Error);
        Assert.False(listener.Pending());
    }

    [Theory]
    [InlineData(1, 0, 5)]
    [InlineData(1, 0.999999, 10)]
    [InlineData(4, 0, 40)]
    [InlineData(4, 0.999999, 80)]
    [InlineData(30, 0, 3600)]
    [InlineData(30, 0.999999, 7200)]
    public void DelayAfter_DoublesUpToItsEnd_HalfOfItByChance(int attempt, double chance, double seconds)
    {
        var runner = new DeliveryRunner(null!, null!, Microsoft.Extensions.Options.Options.Create(new WebhooksOptions()), TimeProvider.System, new(() => chance), NullLogger<DeliveryRunner>.Instance);
        Assert.Equal(seconds, runner.DelayAfter(attempt).TotalSeconds, 0.01);
    }

    [Fact]
    public void Validate_Mistakes_AreAllReportedAndTheKeyIsNotShown()
    {
        var result = new WebhooksOptionsValidator().Validate(null, new()
        {
            AllowedHosts = ["https://hooks.example.org", "a b", "hooks.example.org/path"],
            SigningKey = "too-short",
            MaxAttempts = 0,
            BaseDelay = TimeSpan.Zero,
            Timeout = TimeSpan.FromMinutes(5),
        });
        Assert.Equal(
            ["Webhooks:AllowedHosts:0", "Webhooks:AllowedHosts:1", "Webhooks:AllowedHosts:2", "Webhooks:SigningKey", "Webhooks:MaxAttempts", "Webhooks:BaseDelay", "Webhooks:Timeout"],
            result.Failures!.Select(f => f.Split(": ")[0]));
        Assert.DoesNotContain("too-short", string.Concat(result.Failures!), StringComparison.Ordinal);
    }

    private static DeliveryRecord Delivery(string url) =>
        new("d", "hook-1", "a", JobId.Parse("cur-1"), url, "{}", DeliveryState.Pending, 1, default, null, null, default, null);
}
