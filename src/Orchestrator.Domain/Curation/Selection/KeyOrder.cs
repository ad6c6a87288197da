namespace Orchestrator.Domain.Curation.Selection;

/// <summary>Sample keys in the order of their UTF-8 bytes, which is the order of their Unicode code points.</summary>
/// <remarks>
/// .NET's ordinal order compares UTF-16 units and puts U+10000 and above before U+E000; Python, SQL and <c>sort</c> in the C
/// locale compare bytes. The byte order is the one a user can check from outside.
/// </remarks>
public sealed class KeyOrder : IComparer<string>
{
    /// <summary>The one instance.</summary>
    public static KeyOrder Instance { get; } = new();

    private KeyOrder()
    {
    }

    /// <inheritdoc />
    public int Compare(string? x, string? y)
    {
        var common = x.AsSpan().CommonPrefixLength(y);
        if (common == (x?.Length ?? 0) || common == (y?.Length ?? 0))
        {
            return (x?.Length ?? 0).CompareTo(y?.Length ?? 0);
        }

        return Rank(x![common]).CompareTo(Rank(y![common]));
    }

    // Surrogates stand for code points above U+FFFF, so they rank above U+E000..U+FFFF, which move down into the gap.
    private static int Rank(char c) => c >= 0xE000 ? c - 0x800 : c >= 0xD800 ? c + 0x2000 : c;
}
