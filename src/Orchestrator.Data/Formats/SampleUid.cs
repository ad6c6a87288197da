using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Data.Formats;

/// <summary>A DataComp uid: 128 bits, written as 32 lower-case hexadecimal digits, ordered by high then low word.</summary>
/// <param name="High">Digits 0 to 15.</param>
/// <param name="Low">Digits 16 to 31.</param>
public readonly record struct SampleUid(ulong High, ulong Low) : IComparable<SampleUid>
{
    /// <summary>Reads exactly 32 hexadecimal digits of either case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SampleUid uid)
    {
        uid = default;
        if (text.Length != 32
            || !ulong.TryParse(text[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
            || !ulong.TryParse(text[16..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low))
        {
            return false;
        }

        uid = new SampleUid(high, low);
        return true;
    }

    /// <summary>A stable uid for a sample whose pool gives none: the first 16 bytes of SHA-256 over the UTF-8 text, e.g. <c>shard/key</c>.</summary>
    public static SampleUid Derive(string text)
    {
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), digest);
        return new SampleUid(BinaryPrimitives.ReadUInt64BigEndian(digest), BinaryPrimitives.ReadUInt64BigEndian(digest[8..]));
    }

    /// <inheritdoc />
    public int CompareTo(SampleUid other)
    {
        var high = High.CompareTo(other.High);
        return high != 0 ? high : Low.CompareTo(other.Low);
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");
}
