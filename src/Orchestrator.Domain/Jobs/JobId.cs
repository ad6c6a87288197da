using System.Security.Cryptography;

namespace Orchestrator.Domain.Jobs;

/// <summary>
/// Identity of a job: a short prefix that names its kind and 12 characters of Crockford base 32 (60 random bits),
/// for example <c>cur-7f3k9q2m4zxa</c>. Lower case, safe in URLs, file names and shells. Never reused.
/// </summary>
public readonly record struct JobId
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int MaxLength = 64;

    private readonly string? value;

    private JobId(string value) => this.value = value;

    /// <summary>The text form; empty for <c>default</c>.</summary>
    public string Value => value ?? "";

    /// <summary>Makes a new id from 8 random bytes.</summary>
    /// <param name="prefix">Kind prefix, for example <c>cur</c>.</param>
    /// <param name="entropy">At least 8 bytes from a cryptographic or, in tests, a seeded source.</param>
    public static JobId Create(string prefix, ReadOnlySpan<byte> entropy)
    {
        Span<char> tail = stackalloc char[12];
        var bits = BitConverter.ToUInt64(entropy);
        for (var i = 0; i < tail.Length; i++)
        {
            tail[i] = Alphabet[(int)(bits & 31)];
            bits >>= 5;
        }

        return Parse($"{prefix}-{tail}");
    }

    /// <summary>Makes a new id from the operating system's random source.</summary>
    public static JobId Create(string prefix) => Create(prefix, RandomNumberGenerator.GetBytes(8));

    /// <summary>Parses the text form.</summary>
    /// <exception cref="FormatException">Not 1 to 64 characters of <c>a-z 0-9 -</c>.</exception>
    public static JobId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a job id.");

    /// <summary>Parses the text form; false where it is not 1 to 64 characters of <c>a-z 0-9 -</c>.</summary>
    public static bool TryParse(string? text, out JobId id)
    {
        id = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
            {
                return false;
            }
        }

        id = new JobId(text);
        return true;
    }

    /// <inheritdoc />
    public override string ToString() => Value;
}
