using System.Collections.Frozen;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>States as the words that are stored.</summary>
internal static class Words
{
    private static readonly FrozenDictionary<string, JobState> JobStatesByWord =
        Enum.GetValues<JobState>().ToFrozenDictionary(Of);

    private static readonly FrozenDictionary<string, ShardState> ShardStatesByWord =
        Enum.GetValues<ShardState>().ToFrozenDictionary(Of);

    public static string Of(JobState state) => state switch
    {
        JobState.Pending => "pending",
        JobState.Planning => "planning",
        JobState.Running => "running",
        JobState.Paused => "paused",
        JobState.Cancelling => "cancelling",
        JobState.Cancelled => "cancelled",
        JobState.Succeeded => "succeeded",
        JobState.SucceededWithFailures => "succeeded-with-failures",
        JobState.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
    };

    public static string Of(ShardState state) => state switch
    {
        ShardState.Pending => "pending",
        ShardState.Leased => "leased",
        ShardState.Committed => "committed",
        ShardState.Failed => "failed",
        ShardState.Quarantined => "quarantined",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
    };

    public static JobState JobStateOf(string word) => JobStatesByWord[word];

    public static ShardState ShardStateOf(string word) => ShardStatesByWord[word];
}
