namespace Orchestrator.Data.Scores;

/// <summary>One input sample in a score part. Meanings and units: <see cref="ScoreColumn"/>.</summary>
public sealed record ScoreRow
{
    public required string Shard { get; init; }

    public required long Row { get; init; }

    public required string Key { get; init; }

    public string? Uid { get; init; }

    public int? Width { get; init; }

    public int? Height { get; init; }

    public long ImageBytes { get; init; }

    public string? Text { get; init; }

    /// <summary>Values in the order of <see cref="ScoreSchema.Signals"/>; null where a stage gave none. NaN is stored as NaN.</summary>
    public required IReadOnlyList<float?> Signals { get; init; }

    /// <summary>Values in the order of <see cref="ScoreSchema.Tags"/>; empty when the schema has none.</summary>
    public IReadOnlyList<string?> Tags { get; init; } = [];

    public string? State { get; init; }

    public string? Reason { get; init; }

    public string? OutputShard { get; init; }

    public string? OutputKey { get; init; }
}
