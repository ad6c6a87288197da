using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Domain.Statistics;

/// <summary>
/// A stream of random numbers that depends on its seed alone: SplitMix64 (Steele, Lea and Flood 2014), the same on every
/// machine and library version, unlike <see cref="Random"/>. Not for secrets and not thread-safe.
/// </summary>
/// <param name="state">Any 64 bits.</param>
public sealed class SeededStream(ulong state)
{
    private ulong state = state;

    /// <summary>
    /// The stream of a named place, for example of (job seed, "prompt-17", "sample-0"). Streams of different places are
    /// unrelated; nothing about the worker that asks goes in.
    /// </summary>
    public static SeededStream For(long seed, params ReadOnlySpan<string> place)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, seed);
        hash.AppendData(number);
        foreach (var part in place)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt64LittleEndian(number, bytes.Length);
            hash.AppendData(number);
            hash.AppendData(bytes);
        }

        return new SeededStream(BinaryPrimitives.ReadUInt64LittleEndian(hash.GetHashAndReset()));
    }

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A multiple of 2^-53 in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A whole number in [0, <paramref name="bound"/>), every one as likely.</summary>
    public int NextInt32(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        // Values of the last, incomplete block would make small results more likely.
        var limit = ulong.MaxValue - (ulong.MaxValue % (ulong)bound);
        ulong bits;
        do
        {
            bits = NextUInt64();
        }
        while (bits >= limit);

        return (int)(bits % (ulong)bound);
    }
}
