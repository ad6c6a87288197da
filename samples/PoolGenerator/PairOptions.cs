namespace Orchestrator.Samples.PoolGenerator;

/// <summary>Clean pairs for training and evaluation. Equal options give byte-identical files.</summary>
public sealed record PairOptions
{
    /// <summary>Number of pictures, 1 or more. Default: 1,000.</summary>
    public int Count { get; init; } = 1_000;

    /// <summary>Any number; use another than that of any pool the model will be judged on. Default: 100.</summary>
    public ulong Seed { get; init; } = 100;

    /// <summary>Different true captions of each picture, 1 or more. Default: 4.</summary>
    public int Captions { get; init; } = 4;

    /// <summary>Pictures in one tar, 1 to 10,000. Default: 5,000.</summary>
    public int SamplesPerShard { get; init; } = 5_000;
}
