namespace Orchestrator.Samples.PoolGenerator;

/// <summary>
/// A reproducible stream of random numbers named by (seed, purpose, index): two streams with different names are
/// independent, so a sample can be redrawn alone, on any thread and in any order.
/// </summary>
/// <remarks>
/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). System.Random is not used because its seeded sequence is an
/// implementation detail of the runtime, and pools must stay byte-identical across runtime versions.
/// </remarks>
internal sealed class SeededStream
{
    private ulong state;

    public SeededStream(ulong seed, StreamPurpose purpose, long index)
        => state = Mix(Mix(Mix(seed) + (ulong)purpose) + (ulong)index);

    public ulong NextUInt64()
    {
        state += 0x9E3779B97F4A7C15UL;
        return Mix(state);
    }

    /// <summary>Uniform in [0, 1), 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, exclusive). The bias of the multiply-high method is below exclusive / 2^64.</summary>
    public int Next(int exclusive) => (int)Math.BigMul(NextUInt64(), (ulong)exclusive, out _);

    /// <summary>Uniform in [0, exclusive).</summary>
    public long Next(long exclusive) => (long)Math.BigMul(NextUInt64(), (ulong)exclusive, out _);

    public double Between(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>Uniform in [low, high], both ends included.</summary>
    public int Between(int low, int high) => low + Next(high - low + 1);

    public bool Chance(double probability) => NextDouble() < probability;

    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}

/// <summary>What a stream is drawn for. A new purpose gets a new number; the old numbers never change.</summary>
internal enum StreamPurpose : ulong
{
    Defect = 1,
    Scene = 2,
    Canvas = 3,
    Paint = 4,
    Caption = 5,
    Damage = 6,
    Lexicon = 7,
    World = 8,
    Conversation = 9,
    Question = 10,
}
