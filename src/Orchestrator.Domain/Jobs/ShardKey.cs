namespace Orchestrator.Domain.Jobs;

/// <summary>Identity of one shard: the job, the phase it belongs to and its index in that phase, counted from 0.</summary>
public readonly record struct ShardKey(JobId Job, string Phase, int Index)
{
    /// <inheritdoc />
    public override string ToString() => $"{Job}/{Phase}/{Index}";
}

/// <summary>
/// One grant of a shard to a worker. <paramref name="Attempt"/> counts from 1, only ever rises, and is the fencing
/// token: a commit that carries an older one is refused.
/// </summary>
public readonly record struct LeaseKey(ShardKey Shard, int Attempt)
{
    /// <inheritdoc />
    public override string ToString() => $"{Shard}.{Attempt}";
}
