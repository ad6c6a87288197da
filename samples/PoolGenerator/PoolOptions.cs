namespace Orchestrator.Samples.PoolGenerator;

/// <summary>Everything that decides the bytes of a pool. Equal options give byte-identical pools.</summary>
public sealed record PoolOptions
{
    /// <summary>Number of tar files, 1 or more. Default: 8.</summary>
    public int Shards { get; init; } = 8;

    /// <summary>Samples in each tar, 1 to 10,000 (a key has four digits for the place in its shard). Default: 250.</summary>
    public int SamplesPerShard { get; init; } = 250;

    /// <summary>Any number. Default: 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How much is wrong with the pool. Default: 46 % of the samples, see <see cref="DefectRates"/>.</summary>
    public DefectRates Rates { get; init; } = new();

    internal long Samples => (long)Shards * SamplesPerShard;

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range; the message names all of them.</exception>
    internal void Validate()
    {
        var errors = new List<string>();
        if (Shards < 1)
        {
            errors.Add($"Shards is {Shards}; give 1 or more.");
        }

        if (SamplesPerShard is < 1 or > 10_000)
        {
            errors.Add($"SamplesPerShard is {SamplesPerShard}; give 1 to 10000.");
        }

        errors.AddRange(DefectRates.Defects
            .Where(kind => !(Rates.Of(kind) is >= 0 and <= 1))
            .Select(kind => $"Rates.{kind} is {Rates.Of(kind)}; give 0 to 1."));
        if (Rates.Of(DefectKind.None) < -1e-9)
        {
            errors.Add($"The defect rates sum to {1 - Rates.Of(DefectKind.None):0.###}; lower them to 1 or less.");
        }

        if (errors.Count > 0)
        {
            throw new ArgumentOutOfRangeException(nameof(PoolOptions), string.Join(' ', errors));
        }
    }
}
