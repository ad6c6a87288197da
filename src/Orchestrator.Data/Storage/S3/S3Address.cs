using System.Buffers;

namespace Orchestrator.Data.Storage.S3;

/// <summary>An object, a prefix or a whole bucket: <c>s3://bucket/key</c>. Immutable.</summary>
/// <param name="Bucket">Name of the bucket.</param>
/// <param name="Key">Key or prefix without <c>/</c> at either end; empty for the whole bucket.</param>
public readonly record struct S3Address(string Bucket, string Key)
{
    /// <summary>What an address begins with.</summary>
    public const string Scheme = "s3://";

    // S3's own limit, in bytes of UTF-8.
    private const int MaxKeyBytes = 1024;

    private static readonly SearchValues<char> BucketCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-");

    /// <summary>True for a text that begins as an address does.</summary>
    public static bool Is(string path) => path.StartsWith(Scheme, StringComparison.Ordinal);

    /// <summary>Reads an address, or says what is wrong with it as the end of a sentence ("it ...").</summary>
    /// <remarks>
    /// Keys with empty, <c>.</c> or <c>..</c> components are refused: S3 takes them literally, clients and proxies do not, and an
    /// address must mean the same to all of them.
    /// </remarks>
    public static S3Address? TryParse(string text, out string problem)
    {
        problem = "";
        if (!Is(text))
        {
            problem = "does not begin with s3://";
            return null;
        }

        var rest = text[Scheme.Length..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var (bucket, key) = slash < 0 ? (rest, "") : (rest[..slash], rest[(slash + 1)..].TrimEnd('/'));
        if (bucket.Length is < 3 or > 63 || bucket.AsSpan().ContainsAnyExcept(BucketCharacters) || bucket[0] is '.' or '-' || bucket.Contains("..", StringComparison.Ordinal))
        {
            problem = "has no valid bucket name after s3:// (3 to 63 of a-z, 0-9, '.' and '-')";
            return null;
        }

        if (key.Length > 0 && (KeyProblem(key) ?? SafeRelativePath.ProblemOf(key)) is { } wrong)
        {
            problem = $"has a key that {wrong}";
            return null;
        }

        return new S3Address(bucket, key);
    }

    /// <summary>An address that was checked before.</summary>
    /// <exception cref="FormatException">It was not.</exception>
    public static S3Address Parse(string text) => TryParse(text, out var problem) ?? throw new FormatException($"'{text}' {problem}");

    /// <summary>The address of a name below this one.</summary>
    public S3Address Child(string name) => this with { Key = Key.Length == 0 ? name : $"{Key}/{name}" };

    /// <summary>What keys below this address begin with; empty for a whole bucket.</summary>
    public string Prefix => Key.Length == 0 ? "" : Key + "/";

    /// <summary>The key below this address, or null where <paramref name="other"/> is elsewhere. Empty for this address itself.</summary>
    public string? Rest(S3Address other) =>
        other.Bucket != Bucket ? null
        : other.Key == Key ? ""
        : other.Key.StartsWith(Prefix, StringComparison.Ordinal) ? other.Key[Prefix.Length..]
        : null;

    /// <inheritdoc />
    public override string ToString() => Key.Length == 0 ? $"{Scheme}{Bucket}" : $"{Scheme}{Bucket}/{Key}";

    private static string? KeyProblem(string key) =>
        System.Text.Encoding.UTF8.GetByteCount(key) > MaxKeyBytes ? $"is longer than {MaxKeyBytes} bytes"
        : key.Split('/').Any(part => part is "" or ".") ? "has an empty name or '.' between slashes"
        : null;
}
