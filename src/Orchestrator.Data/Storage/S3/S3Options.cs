namespace Orchestrator.Data.Storage.S3;

/// <summary>Section <c>Storage:S3</c>: the one S3-compatible server that jobs may name with <c>s3://</c>. Off where <see cref="Endpoint"/> and <see cref="Region"/> are both missing.</summary>
public sealed class S3Options
{
    /// <summary>Section name.</summary>
    public const string Section = "Storage:S3";

    /// <summary>URL of the server, e.g. <c>https://minio.internal:9000</c>. Default: Amazon's own for <see cref="Region"/>. No request goes anywhere else.</summary>
    public string? Endpoint { get; set; }

    /// <summary>Region, also part of every signature. Default <c>us-east-1</c> where an endpoint is given.</summary>
    public string? Region { get; set; }

    /// <summary>True (default with an endpoint) puts the bucket in the path, false in the host name.</summary>
    public bool? PathStyle { get; set; }

    /// <summary>Access key; with <see cref="SecretKey"/>. Default: the SDK's chain (environment, profile, role of the machine). Never logged.</summary>
    public string? AccessKey { get; set; }

    /// <summary>Secret of the access key. Never logged.</summary>
    public string? SecretKey { get; set; }

    /// <summary>Session token of temporary keys. Never logged.</summary>
    public string? SessionToken { get; set; }

    /// <summary>Bytes of one part of a multipart upload, 5 MiB to 512 MiB; held in memory while it is sent. Smaller files go in one request. Default 16 MiB.</summary>
    public int PartBytes { get; set; } = 16 << 20;

    /// <summary>Largest object that one request copies; larger ones are copied in parts of this size. 5 MiB to 5 GiB, S3's own limit. Default 1 GiB.</summary>
    public long CopyBytes { get; set; } = 1L << 30;

    /// <summary>How often a failed request, or a body that broke off, is tried again, 0 to 20. Default 6.</summary>
    public int Retries { get; set; } = 6;

    /// <summary>Pause before a body that broke off is asked for again; doubles each time up to 30 s. 1 ms to 1 min. Default 200 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest silence of the server before a request counts as failed, 1 s to 10 min. Default 1 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Local folder for attempts under way, copies of objects that need random reads, and indexes of published scores (with or without a server). Default: <c>orchestrator-spool</c> in the system's temporary folder.</summary>
    public string? Spool { get; set; }

    /// <summary>Bytes of copies and indexes kept in the spool, from 64 MiB; copies in use may exceed it. Default 20 GiB.</summary>
    public long SpoolBytes { get; set; } = 20L << 30;

    /// <summary>True where a server is configured.</summary>
    public bool IsOn => !string.IsNullOrWhiteSpace(Endpoint) || !string.IsNullOrWhiteSpace(Region);

    /// <summary>Mistakes of these options and of the roots that need them.</summary>
    public static IReadOnlyList<string> Validate(S3Options options, IReadOnlyList<string> roots)
    {
        var errors = options.Validate().ToList();
        for (var i = 0; i < roots.Count; i++)
        {
            if (!S3Address.Is(roots[i] ?? ""))
            {
                continue;
            }

            if (S3Address.TryParse(roots[i], out var problem) is null)
            {
                errors.Add($"Storage:AllowedRoots:{i}: '{roots[i]}' {problem}; write s3://bucket or s3://bucket/prefix.");
            }
            else if (!options.IsOn)
            {
                errors.Add($"Storage:AllowedRoots:{i}: '{roots[i]}' needs an S3-compatible server; set {Section}:Endpoint, or {Section}:Region for Amazon's own.");
            }
        }

        return errors;
    }

    /// <summary>Every mistake, each with the setting's name. Never shows a key: these messages end in logs.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        void Range(bool wrong, string name, object value, string allowed)
        {
            if (wrong)
            {
                errors.Add($"{Section}:{name}: is {value}; give {allowed}.");
            }
        }

        if (!string.IsNullOrWhiteSpace(Endpoint)
            && !(Uri.TryCreate(Endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && uri.AbsolutePath == "/" && uri.Query.Length == 0))
        {
            errors.Add($"{Section}:Endpoint: is not a plain http or https URL; give scheme, host and port alone, without a user, a path or a query.");
        }

        if (string.IsNullOrEmpty(AccessKey) != string.IsNullOrEmpty(SecretKey))
        {
            errors.Add($"{Section}:{(string.IsNullOrEmpty(AccessKey) ? nameof(AccessKey) : nameof(SecretKey))}: is missing; give AccessKey and SecretKey together, or neither to use the SDK's chain.");
        }

        if (!string.IsNullOrEmpty(SessionToken) && string.IsNullOrEmpty(AccessKey))
        {
            errors.Add($"{Section}:SessionToken: goes with AccessKey and SecretKey; give all three.");
        }

        Range(PartBytes is < 5 << 20 or > 512 << 20, nameof(PartBytes), PartBytes, $"{5 << 20} to {512 << 20} bytes");
        Range(CopyBytes is < 5 << 20 or > 5L << 30, nameof(CopyBytes), CopyBytes, $"{5 << 20} to {5L << 30} bytes");
        Range(Retries is < 0 or > 20, nameof(Retries), Retries, "0 to 20");
        Range(RetryDelay < TimeSpan.FromMilliseconds(1) || RetryDelay > TimeSpan.FromMinutes(1), nameof(RetryDelay), RetryDelay, "00:00:00.001 to 00:01:00");
        Range(Timeout < TimeSpan.FromSeconds(1) || Timeout > TimeSpan.FromMinutes(10), nameof(Timeout), Timeout, "00:00:01 to 00:10:00");
        Range(SpoolBytes < 64L << 20, nameof(SpoolBytes), SpoolBytes, $"{64L << 20} bytes or more");
        return errors;
    }
}
