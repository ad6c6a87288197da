namespace Orchestrator.Domain.Jobs;

/// <summary>Why an attempt failed; decides whether and when it is tried again.</summary>
public enum FailureKind
{
    /// <summary>The worker or its machine was lost. Does not count against the shard's retries.</summary>
    Infrastructure,

    /// <summary>A time-out, a storage error: may pass by itself.</summary>
    Transient,

    /// <summary>Out of memory on the host or the device.</summary>
    Resource,

    /// <summary>The data or the document makes this shard fail each time; a retry cannot help.</summary>
    Fatal,
}

/// <summary>A failure as users read it.</summary>
/// <param name="Kind">Class of the failure.</param>
/// <param name="Message">One sentence that names the file, the field and the remedy where there is one.</param>
/// <param name="Detail">A stack trace or log lines for developers; never shown in lists.</param>
/// <param name="Spoilt">Committed shards of earlier phases whose files are gone or changed, so that they have to run again; null for none.</param>
public sealed record ShardFailure(FailureKind Kind, string Message, string? Detail = null, IReadOnlyList<SpoiltOutput>? Spoilt = null);

/// <summary>A committed shard whose output is not what was committed.</summary>
/// <param name="Phase">Its phase.</param>
/// <param name="Index">Its index in the phase.</param>
/// <param name="Attempt">The attempt whose output it is.</param>
/// <param name="Problem">One sentence that names the file.</param>
public sealed record SpoiltOutput(string Phase, int Index, int Attempt, string Problem);

/// <summary>What a committed attempt leaves behind.</summary>
/// <param name="Manifest">JSON: the files of the attempt with bytes and sha256, and whatever later phases read.</param>
/// <param name="Digest">Lower-case hex sha256 of <paramref name="Manifest"/>; equal digests mean equal output.</param>
/// <param name="Tally">Named counts, summed over the shards of a phase, for example <c>read</c>, <c>quarantined</c>.</param>
public sealed record ShardOutput(string Manifest, string Digest, IReadOnlyDictionary<string, long> Tally);

/// <summary>What came of one attempt: exactly one of <see cref="Output"/> and <see cref="Failure"/> is set.</summary>
public sealed record ShardOutcome
{
    private ShardOutcome(ShardOutput? output, ShardFailure? failure)
    {
        Output = output;
        Failure = failure;
    }

    /// <summary>Set where the attempt did its work.</summary>
    public ShardOutput? Output { get; }

    /// <summary>Set where it did not.</summary>
    public ShardFailure? Failure { get; }

    /// <summary>The attempt did its work.</summary>
    public static ShardOutcome Completed(ShardOutput output) => new(output, null);

    /// <summary>The attempt failed.</summary>
    public static ShardOutcome Failed(ShardFailure failure) => new(null, failure);

    /// <summary>The attempt failed.</summary>
    public static ShardOutcome Failed(FailureKind kind, string message, string? detail = null) =>
        new(null, new ShardFailure(kind, message, detail));
}
