using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace Orchestrator.Contracts.Hosting;

/// <summary>Encrypts the silo's ports in both directions, each side showing a certificate of the cluster's own authority.</summary>
internal static class ClusterTls
{
    /// <summary>Every mistake in the section.</summary>
    public static IEnumerable<string> ProblemsOf(ClusterTlsOptions options)
    {
        if (!options.IsOn)
        {
            return options is { KeyPath: null, Password: null, AuthorityPath: null } ? [] : ["Cluster:Tls:CertificatePath is not set, but other settings of Cluster:Tls are; set it, or remove them."];
        }

        var errors = new List<string>();
        try
        {
            using var own = Load(options);
            if (!own.HasPrivateKey)
            {
                errors.Add($"Cluster:Tls:CertificatePath: '{options.CertificatePath}' holds no private key; give a PFX file, or set Cluster:Tls:KeyPath.");
            }
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            errors.Add($"Cluster:Tls:CertificatePath: '{options.CertificatePath}' cannot be read: {e.Message}");
        }

        try
        {
            if (options.AuthorityPath is null || Authority(options).Count == 0)
            {
                errors.Add("Cluster:Tls:AuthorityPath names no certificate; set it to the PEM file of the authority that signed those of all silos.");
            }
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            errors.Add($"Cluster:Tls:AuthorityPath: '{options.AuthorityPath}' cannot be read: {e.Message}");
        }

        return errors;
    }

    public static void Use(ISiloBuilder silo, ClusterTlsOptions options)
    {
        if (!options.IsOn)
        {
            return;
        }

        var authority = Authority(options);
        silo.UseTls(Load(options), tls =>
        {
            tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
            tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;

            // Silos come and go under any address: what counts is who signed, not the name.
            tls.RemoteCertificateValidation = (certificate, _, _) => IsTrusted(certificate, authority);
            tls.OnAuthenticateAsClient = (_, client) => client.TargetHost = "silo";
        });
    }

    private static bool IsTrusted(X509Certificate2 certificate, X509Certificate2Collection authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    private static X509Certificate2Collection Authority(ClusterTlsOptions options)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(options.AuthorityPath!);
        return certificates;
    }

    private static X509Certificate2 Load(ClusterTlsOptions options) => options switch
    {
        { KeyPath: { } key, Password: { } password } => X509Certificate2.CreateFromEncryptedPemFile(options.CertificatePath!, password, key),
        { KeyPath: { } key } => X509Certificate2.CreateFromPemFile(options.CertificatePath!, key),
        _ => X509CertificateLoader.LoadPkcs12FromFile(options.CertificatePath!, options.Password),
    };
}
