using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Contracts.Placement;
using Orchestrator.Grains.Tests.Support;
using Orleans.Configuration;

namespace Orchestrator.Grains.Tests.Hosting;

/// <summary>Where the silo's ports listen, and who may speak there.</summary>
public sealed class ClusterTlsTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orchestrator-tls-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact(Timeout = 90_000)]
    public async Task Tls_SilosOfOneAuthority_FormACluster_AndStrangersAreTurnedAway()
    {
        using var authority = Authority("cluster");
        using var foreign = Authority("foreign");
        await using var silos = await TwoSilos.StartAsync(Tls(authority, "control"), Tls(authority, "worker"));
        Assert.False((await silos.Agent.ExchangeAsync(1)).SendCapabilities);
        foreach (var port in (int[])[silos.Ports.SiloPort, silos.Ports.GatewayPort])
        {
            Assert.True(await IsTurnedAwayAsync(port, null));
            using var stranger = Certificate(foreign, "stranger");
            Assert.True(await IsTurnedAwayAsync(port, stranger));
            Assert.True(await IsDeafToPlainTextAsync(port));
        }
    }

    [Fact]
    public void Tls_Mistakes_AreAllReported()
    {
        using var authority = Authority("cluster");
        var files = Tls(authority, "one").ToDictionary(f => f.Item1, f => f.Item2);
        Assert.Contains("Cluster:Tls:CertificatePath is not set", FailureOf(("Cluster:Tls:AuthorityPath", files["Cluster:Tls:AuthorityPath"])), StringComparison.Ordinal);
        Assert.Contains("Cluster:Tls:AuthorityPath names no certificate", FailureOf(("Cluster:Tls:CertificatePath", files["Cluster:Tls:CertificatePath"]), ("Cluster:Tls:KeyPath", files["Cluster:Tls:KeyPath"])), StringComparison.Ordinal);
        var both = FailureOf(("Cluster:Tls:CertificatePath", "missing.pem"), ("Cluster:Tls:KeyPath", "missing.key"), ("Cluster:Tls:AuthorityPath", "missing.ca"));
        Assert.Contains("'missing.pem' cannot be read", both, StringComparison.Ordinal);
        Assert.Contains("'missing.ca' cannot be read", both, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "10.1.2.3")]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    public void Ports_ListenOnTheAdvertisedAddress_UnlessToldOtherwise(string? listen, string expected)
    {
        List<(string, string)> settings = [("Cluster:Provider", "postgres"), ("ConnectionStrings:orchestrator", "Host=nowhere"), ("Cluster:AdvertisedAddress", "10.1.2.3")];
        if (listen is not null)
        {
            settings.Add(("Cluster:ListenAddress", listen));
        }

        var builder = TwoSilos.Builder([.. settings]);
        builder.UseOrchestratorCluster(SiloRole.Control);
        using var host = builder.Build();
        var endpoints = host.Services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        Assert.Equal(IPAddress.Parse("10.1.2.3"), endpoints.AdvertisedIPAddress);
        Assert.Equal(new IPEndPoint(IPAddress.Parse(expected), endpoints.SiloPort), endpoints.SiloListeningEndpoint);
        Assert.Equal(new IPEndPoint(IPAddress.Parse(expected), endpoints.GatewayPort), endpoints.GatewayListeningEndpoint);
    }

    [Theory]
    [InlineData("embedded", "0.0.0.0", "stays on loopback")]
    [InlineData("postgres", "everywhere", "must be an IP address")]
    public void ListenAddress_Mistake_IsReported(string provider, string listen, string expected) =>
        Assert.Contains(expected, FailureOf(("Cluster:Provider", provider), ("ConnectionStrings:orchestrator", "Host=nowhere"), ("Cluster:ListenAddress", listen)), StringComparison.Ordinal);

    private static string FailureOf(params (string, string)[] settings) => string.Join(
        '\n', Assert.Throws<OptionsValidationException>(() => TwoSilos.Builder(settings).UseOrchestratorCluster(SiloRole.Control)).Failures);

    /// <summary>True where the server ends the conversation before it has said anything.</summary>
    private static async Task<bool> IsTurnedAwayAsync(int port, X509Certificate2? own)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(socket.GetStream());
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "silo",
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
                ClientCertificates = own is null ? null : [own],
            });
            return await tls.ReadAsync(new byte[1]) == 0;
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return true;
        }
    }

    private static async Task<bool> IsDeafToPlainTextAsync(int port)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var stream = socket.GetStream();
        try
        {
            await stream.WriteAsync(new byte[64]);
            return await stream.ReadAsync(new byte[1]) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(2));
    }

    private static X509Certificate2 Certificate(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var signed = request.Create(authority, TimeProvider.System.GetUtcNow().AddHours(-1), TimeProvider.System.GetUtcNow().AddDays(1), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    private (string, string)[] Tls(X509Certificate2 authority, string name)
    {
        using var certificate = Certificate(authority, name);
        var (ca, pem, key) = (Path.Combine(folder.FullName, "ca.pem"), Path.Combine(folder.FullName, $"{name}.pem"), Path.Combine(folder.FullName, $"{name}.key"));
        File.WriteAllText(ca, authority.ExportCertificatePem());
        File.WriteAllText(pem, certificate.ExportCertificatePem());
        using var secret = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(key, secret.ExportPkcs8PrivateKeyPem());
        return [("Cluster:Tls:CertificatePath", pem), ("Cluster:Tls:KeyPath", key), ("Cluster:Tls:AuthorityPath", ca)];
    }
}
