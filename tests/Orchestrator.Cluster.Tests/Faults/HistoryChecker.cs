using Npgsql;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>One row of the append-only attempt history.</summary>
internal sealed record AttemptRow(
    string Job, string Phase, int Index, int Attempt, string Worker, string Silo, DateTime StartedAt, DateTime? EndedAt, string? Outcome, string? Error, string? Digest);

/// <summary>A shard's row.</summary>
internal sealed record ShardEnd(string Job, string Phase, int Index, string State, int Attempt, string? Digest);

/// <summary>What the database says after a run.</summary>
internal sealed record History(IReadOnlyList<AttemptRow> Attempts, IReadOnlyList<ShardEnd> Shards)
{
    public static async Task<History> ReadAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        var attempts = new List<AttemptRow>();
        await using (var command = new NpgsqlCommand("SELECT job, phase, idx, attempt, worker, silo, started_at, ended_at, outcome, error, digest FROM attempts ORDER BY job, phase, idx, attempt", connection))
        await using (var row = await command.ExecuteReaderAsync())
        {
            while (await row.ReadAsync())
            {
                attempts.Add(new AttemptRow(
                    row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetInt32(3), row.GetString(4), row.GetString(5), row.GetDateTime(6),
                    row.IsDBNull(7) ? null : row.GetDateTime(7), Text(row, 8), Text(row, 9), Text(row, 10)));
            }
        }

        var shards = new List<ShardEnd>();
        await using (var command = new NpgsqlCommand("SELECT job, phase, idx, state, attempt, digest FROM shards ORDER BY job, phase, idx", connection))
        await using (var row = await command.ExecuteReaderAsync())
        {
            while (await row.ReadAsync())
            {
                shards.Add(new ShardEnd(row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetString(3), row.GetInt32(4), Text(row, 5)));
            }
        }

        return new History(attempts, shards);
    }

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

/// <summary>
/// Judges a finished history without knowing how it came about: every shard committed exactly once, by its last attempt;
/// attempts strictly rising, one after another; no worker with more live leases than slots; nothing lost.
/// </summary>
internal static class HistoryChecker
{
    /// <summary>Everything that is wrong, one sentence each; empty for a sound history of jobs that have succeeded.</summary>
    /// <param name="history">What the database says.</param>
    /// <param name="slots">Slots of each worker; leases in advance are turned off.</param>
    /// <param name="oneClock">False where a clock was stepped: what depends on the order of times is left out.</param>
    public static IReadOnlyList<string> Check(History history, int slots, bool oneClock = true)
    {
        var wrong = new List<string>();
        var attempts = history.Attempts.ToLookup(row => (row.Job, row.Phase, row.Index));
        foreach (var phase in history.Shards.GroupBy(shard => (shard.Job, shard.Phase)))
        {
            if (!phase.Select(shard => shard.Index).Order().SequenceEqual(Enumerable.Range(0, phase.Count())))
            {
                wrong.Add($"{phase.Key}: the shards are not 0 to {phase.Count() - 1}; some are lost");
            }
        }

        var known = history.Shards.Select(shard => (shard.Job, shard.Phase, shard.Index)).ToHashSet();
        wrong.AddRange(attempts.Where(shard => !known.Contains(shard.Key)).Select(shard => $"{shard.Key}: has attempts and no row"));
        foreach (var shard in history.Shards)
        {
            CheckShard(shard, [.. attempts[(shard.Job, shard.Phase, shard.Index)].OrderBy(row => row.Attempt)], oneClock, wrong);
        }

        if (oneClock)
        {
            CheckSlots(history.Attempts, slots, wrong);
        }

        return wrong;
    }

    private static void CheckShard(ShardEnd shard, AttemptRow[] attempts, bool oneClock, List<string> wrong)
    {
        var name = $"{shard.Job}/{shard.Phase}/{shard.Index}";
        if (shard.State != "committed")
        {
            wrong.Add($"{name}: ended as {shard.State}");
        }

        if (!attempts.Select(row => row.Attempt).SequenceEqual(Enumerable.Range(1, attempts.Length)))
        {
            wrong.Add($"{name}: attempts are {string.Join(", ", attempts.Select(row => row.Attempt))}");
        }

        var commits = attempts.Where(row => row.Outcome == "committed").ToArray();
        if (commits.Length != 1)
        {
            wrong.Add($"{name}: committed {commits.Length} times, by attempts {string.Join(", ", commits.Select(row => row.Attempt))}");
        }

        if (commits is [.., var commit] && (commit.Attempt != attempts[^1].Attempt || commit.Attempt != shard.Attempt || commit.Digest != shard.Digest))
        {
            wrong.Add($"{name}: committed by attempt {commit.Attempt} although the last one granted is {attempts[^1].Attempt} and the row says {shard.Attempt}");
        }

        for (var i = 0; i < attempts.Length; i++)
        {
            if (attempts[i].Outcome is null)
            {
                wrong.Add($"{name}: attempt {attempts[i].Attempt} never ended");
            }

            if (oneClock && i > 0 && (attempts[i - 1].EndedAt is not { } ended || ended > attempts[i].StartedAt))
            {
                wrong.Add($"{name}: attempt {attempts[i].Attempt} began before attempt {attempts[i - 1].Attempt} had ended");
            }
        }
    }

    /// <summary>A lease that never reached its worker, or that the worker handed back unworked, held no slot.</summary>
    private static void CheckSlots(IReadOnlyList<AttemptRow> attempts, int slots, List<string> wrong)
    {
        foreach (var silo in attempts.Where(HeldASlot).GroupBy(row => row.Silo))
        {
            // Ends before beginnings at one moment: one transaction ends a lease and grants the next.
            var live = 0;
            var moments = silo.SelectMany(row => new[] { (At: row.StartedAt, Change: 1, Row: row), (At: row.EndedAt ?? DateTime.MaxValue, Change: -1, Row: row) })
                .OrderBy(moment => moment.At).ThenBy(moment => moment.Change);
            foreach (var (at, change, row) in moments)
            {
                live += change;
                if (live > slots)
                {
                    wrong.Add($"worker {row.Worker} ({silo.Key}) held {live} leases at {at:HH:mm:ss.fff} on {slots} slots: {row.Job}/{row.Phase}/{row.Index} attempt {row.Attempt}");
                }
            }
        }
    }

    private static bool HeldASlot(AttemptRow row) =>
        row.EndedAt > row.StartedAt && row.Outcome != "released" && row.Error?.StartsWith("The lease never reached", StringComparison.Ordinal) != true;
}
