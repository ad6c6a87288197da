using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

internal abstract partial class SqlJobStore
{
    public Task<ReopenResult> TryReopenAsync(ReopenRequest request, CancellationToken cancellationToken)
    {
        Inputs.Check(request.Events);
        return WriteAsync(
            async s =>
            {
                var locked = await JobTable.LockAsync(s, request.Id, cancellationToken).ConfigureAwait(false);
                if (locked is null || locked.Job.Version != request.ExpectedVersion)
                {
                    return new ReopenResult(ReopenStatus.Raced, locked?.Job);
                }

                var now = time.Now();
                var reopened = 0;
                string? error = null;
                foreach (var shard in request.Shards)
                {
                    if (await ShardTable.ReopenAsync(s, request.Id, request.Phase, shard, request.MaxReopened, now, cancellationToken).ConfigureAwait(false) is { } state)
                    {
                        reopened++;
                        error ??= state == ShardState.Failed ? $"{shard.Problem} This has happened before to shard {request.Phase}/{shard.Index}; mend the storage, then retry." : null;
                    }
                }

                if (reopened == 0)
                {
                    return new ReopenResult(ReopenStatus.Stale, locked.Job);
                }

                await PhaseTable.RecountAsync(s, request.Id, request.Phase, cancellationToken).ConfigureAwait(false);
                await DropPhasesAsync(s, request.Id, request.LaterPhases, now, cancellationToken).ConfigureAwait(false);
                var (next, events) = error is null ? (locked.Job.State, request.Events) : (JobState.Failed, request.FailedEvents(error));
                Inputs.Check(events);
                var changed = await JobTable.UpdateAsync(s, locked, next, request.Phase, error, events, now, cancellationToken).ConfigureAwait(false);
                return new ReopenResult(error is null ? ReopenStatus.Reopened : ReopenStatus.Failed, changed);
            },
            cancellationToken);
    }

    private static async Task DropPhasesAsync(SqlSession s, JobId id, IReadOnlyList<string> phases, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var phase in phases)
        {
            await ShardTable.DeleteAsync(s, id, phase, now, cancellationToken).ConfigureAwait(false);
            await PhaseTable.DeleteAsync(s, id, phase, cancellationToken).ConfigureAwait(false);
        }
    }
}
