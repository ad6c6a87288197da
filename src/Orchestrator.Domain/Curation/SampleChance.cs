namespace Orchestrator.Domain.Curation;

/// <summary>
/// Random numbers that belong to a sample: functions of the job's seed, a stream's number and 128 bits that name the sample,
/// so they do not depend on workers, batches or order.
/// </summary>
/// <remarks>
/// The mixing function is SplitMix64's finaliser (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014)
/// after adding 0x9e3779b97f4a7c15; words are taken in one after the other: <c>h = mix(h xor word)</c> from <c>h = mix(seed)</c>.
/// </remarks>
public static class SampleChance
{
    /// <summary>64 random bits.</summary>
    /// <param name="seed">Seed of the job.</param>
    /// <param name="stream">Which of the sample's numbers: a different one for each use.</param>
    /// <param name="high">High word of the sample's name, for example its uid.</param>
    /// <param name="low">Low word.</param>
    public static ulong Bits(long seed, ulong stream, ulong high, ulong low) => Mix(Mix(Mix(Mix((ulong)seed) ^ stream) ^ high) ^ low);

    /// <summary>A number in [0, 1): the upper 53 of <see cref="Bits"/>.</summary>
    public static double Uniform(long seed, ulong stream, ulong high, ulong low) => (Bits(seed, stream, high, low) >> 11) * (1.0 / (1L << 53));

    private static ulong Mix(ulong word)
    {
        word += 0x9e3779b97f4a7c15;
        word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
        word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
        return word ^ (word >> 31);
    }
}
