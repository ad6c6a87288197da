namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>The checker passes a sound history and names each way in which one can be unsound.</summary>
public sealed class HistoryCheckerTests
{
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void SoundHistory_HasNothingWrong() => Assert.Empty(HistoryChecker.Check(Sound(), slots: 1));

    [Fact]
    public void CommittedTwice_IsNamed() =>
        AssertWrong("committed 2 times", Change(row => row.Index == 1 && row.Attempt == 1, row => row with { Outcome = "committed", Digest = "d1" }));

    [Fact]
    public void CommittedByAnOldAttempt_IsNamed()
    {
        var sound = Sound();
        AssertWrong("although the last one granted is 2", sound with
        {
            Attempts = [.. sound.Attempts.Select(row => row.Index != 1 ? row : row with { Outcome = row.Attempt == 1 ? "committed" : "lost", Digest = row.Attempt == 1 ? "d1" : null })],
        });
    }

    [Fact]
    public void AttemptMissing_IsNamed() =>
        AssertWrong("attempts are 2", Sound() with { Attempts = [.. Sound().Attempts.Where(row => row.Index != 1 || row.Attempt != 1)] });

    [Fact]
    public void TwoAttemptsAtOnce_AreNamed() =>
        AssertWrong("began before", Change(row => row.Index == 1 && row.Attempt == 1, row => row with { EndedAt = row.EndedAt!.Value.AddSeconds(2) }));

    [Fact]
    public void AttemptThatNeverEnded_IsNamed() =>
        AssertWrong("never ended", Change(row => row.Index == 0, row => row with { Outcome = null, EndedAt = null }));

    [Fact]
    public void ShardLost_IsNamed() =>
        AssertWrong("some are lost", Sound() with { Shards = [.. Sound().Shards.Where(shard => shard.Index != 0)] });

    [Fact]
    public void ShardNotCommitted_IsNamed() =>
        AssertWrong("ended as leased", Sound() with { Shards = [.. Sound().Shards.Select(shard => shard with { State = shard.Index == 0 ? "leased" : shard.State })] });

    [Fact]
    public void TwoLiveLeasesOnOneSlot_AreNamed() =>
        AssertWrong("held 2 leases", Change(row => row.Index == 1 && row.Attempt == 2, row => row with { Worker = "w1", Silo = "s1", StartedAt = Start.AddSeconds(0.5) }));

    private static void AssertWrong(string words, History history) =>
        Assert.Contains(HistoryChecker.Check(history, slots: 1), sentence => sentence.Contains(words, StringComparison.Ordinal));

    private static History Change(Func<AttemptRow, bool> which, Func<AttemptRow, AttemptRow> how)
    {
        var sound = Sound();
        return sound with { Attempts = [.. sound.Attempts.Select(row => which(row) ? how(row) : row)] };
    }

    private static History Sound() => new(
        [
            new("j", "score", 0, 1, "w1", "s1", Start, Start.AddSeconds(1), "committed", null, "d0"),
            new("j", "score", 1, 1, "w2", "s2", Start, Start.AddSeconds(1), "lost", "Worker 'w2' was lost with its process.", null),
            new("j", "score", 1, 2, "w1", "s1", Start.AddSeconds(1), Start.AddSeconds(3), "committed", null, "d1"),
        ],
        [new("j", "score", 0, "committed", 1, "d0"), new("j", "score", 1, "committed", 2, "d1")]);
}
