using System.Reflection;
using Npgsql;
using Orchestrator.Persistence;

namespace Orchestrator.Simulation.Faults;

/// <summary>
/// The sabotage that shows that the history checker can fail: a job store whose commits do not compare the attempt, as if the
/// compare-and-set had been forgotten. PostgreSQL only; everything but late commits is the real store's.
/// </summary>
public class UnfencedStore : DispatchProxy
{
    private IJobStore inner = null!;
    private string connectionString = "";

    /// <summary>Puts it around a store.</summary>
    public static IJobStore Around(IJobStore inner, string connectionString)
    {
        var proxy = Create<IJobStore, UnfencedStore>();
        ((UnfencedStore)(object)proxy).inner = inner;
        ((UnfencedStore)(object)proxy).connectionString = connectionString;
        return proxy;
    }

    /// <inheritdoc />
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Name == nameof(IJobStore.ApplyAsync)
            ? ApplyAsync((ShardBatch)args![0]!, (CancellationToken)args[1]!)
            : targetMethod.Invoke(inner, args);

    private async Task<ShardBatchResult> ApplyAsync(ShardBatch batch, CancellationToken cancellationToken)
    {
        var forced = new HashSet<int>();
        for (var i = 0; i < batch.Completions.Count; i++)
        {
            if (await ForceAsync(batch.Completions[i], cancellationToken))
            {
                forced.Add(i);
            }
        }

        var result = await inner.ApplyAsync(batch, cancellationToken);
        return result with
        {
            Completions = [.. result.Completions.Select((verdict, i) => forced.Contains(i) ? CompletionVerdict.Committed : verdict)],
        };
    }

    private async Task<bool> ForceAsync(Completion completion, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            WITH was AS (
                SELECT state FROM shards
                WHERE job = @job AND phase = @phase AND idx = @idx AND (attempt <> @attempt OR state NOT IN ('leased', 'committed')) FOR UPDATE),
            ended AS (
                UPDATE attempts SET outcome = 'committed', ended_at = now(), error = NULL, digest = @digest
                FROM was WHERE job = @job AND phase = @phase AND idx = @idx AND attempt = @attempt),
            moved AS (
                UPDATE shards SET state = 'committed', attempt = @attempt, manifest = @manifest, digest = @digest, tally = '{}',
                    owner_silo = NULL, owner_worker = NULL, ready_at = NULL, error = NULL
                FROM was WHERE job = @job AND phase = @phase AND idx = @idx)
            UPDATE phases SET committed = committed + (was.state <> 'committed')::int,
                pending = pending - (was.state = 'pending')::int, leased = leased - (was.state = 'leased')::int
            FROM was WHERE job = @job AND phase = @phase
            """,
            connection);
        var lease = completion.Lease;
        command.Parameters.AddWithValue("job", lease.Shard.Job.Value);
        command.Parameters.AddWithValue("phase", lease.Shard.Phase);
        command.Parameters.AddWithValue("idx", lease.Shard.Index);
        command.Parameters.AddWithValue("attempt", lease.Attempt);
        command.Parameters.AddWithValue("digest", completion.Output.Digest);
        command.Parameters.AddWithValue("manifest", completion.Output.Manifest);
        return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
    }
}
