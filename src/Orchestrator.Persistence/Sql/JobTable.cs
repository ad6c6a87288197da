using System.Data.Common;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>Rows of jobs, their idempotency keys and their output claims.</summary>
internal static class JobTable
{
    private const string Columns =
        """
        id, kind, name, tenant, priority, state, phase, document, document_hash, output_key, required_models, model_phases,
        error, created_at, updated_at, started_at, ended_at, version, trace
        """;

    /// <summary>The same words as in the partial unique index; the index is used only where they match.</summary>
    internal const string NotEnded = "state NOT IN ('cancelled', 'succeeded', 'succeeded-with-failures', 'failed')";

    private const string UniqueViolation = "23505";

    public static Task<JobRecord?> GetAsync(SqlSession session, JobId id, CancellationToken cancellationToken) =>
        session.FirstAsync($"SELECT {Columns} FROM jobs WHERE id = @id", Map, cancellationToken, ("@id", id.Value));

    /// <summary>Reads a job and locks it until the transaction ends.</summary>
    public static Task<LockedJob?> LockAsync(SqlSession session, JobId id, CancellationToken cancellationToken) =>
        session.FirstAsync(
            $"SELECT {Columns}, last_event FROM jobs WHERE id = @id{session.Dialect.ForUpdate}",
            static r => new LockedJob(Map(r), r.GetInt64(19)),
            cancellationToken,
            ("@id", id.Value));

    /// <summary>Inserts a job; null where a unique index (id or output) stands in the way.</summary>
    public static async Task<JobRecord?> InsertAsync(SqlSession session, NewJob job, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var at = session.Dialect.Time(now);
        return await session.FirstAsync(
            $"""
             INSERT INTO jobs (id, kind, name, tenant, priority, state, phase, document, document_hash, output_key,
                 required_models, model_phases, error, created_at, updated_at, started_at, ended_at, version, last_event, trace)
             VALUES (@id, @kind, @name, @tenant, @priority, 'pending', @phase, @document, @hash, @output,
                 @models, @modelPhases, NULL, @at, @at, NULL, NULL, 1, 0, @trace)
             ON CONFLICT DO NOTHING
             RETURNING {Columns}
             """,
            Map,
            cancellationToken,
            ("@id", job.Id.Value), ("@kind", job.Kind), ("@name", job.Name), ("@tenant", job.Tenant), ("@priority", job.Priority),
            ("@phase", job.FirstPhase), ("@document", job.Document), ("@hash", job.DocumentHash), ("@output", job.OutputKey),
            ("@models", StoredText.Of(job.RequiredModels)), ("@modelPhases", StoredText.Of(job.ModelPhases)), ("@at", at), ("@trace", job.Trace)).ConfigureAwait(false);
    }

    /// <summary>
    /// Reserves a client's key for a job; null where it is new, else what holds it. Waits for a transaction that is
    /// reserving the same key.
    /// </summary>
    public static async Task<IdempotencyHolder?> ReserveKeyAsync(SqlSession session, NewJob job, CancellationToken cancellationToken)
    {
        var inserted = await session.ExecuteAsync(
            """
            INSERT INTO idempotency (tenant, key, job, document_hash) VALUES (@tenant, @key, @job, @hash)
            ON CONFLICT (tenant, key) DO NOTHING
            """,
            cancellationToken,
            ("@tenant", job.Tenant), ("@key", job.IdempotencyKey), ("@job", job.Id.Value), ("@hash", job.DocumentHash)).ConfigureAwait(false);
        return inserted == 1 ? null : await KeyHolderAsync(session, job.Tenant, job.IdempotencyKey!, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What was stored under a client's key, or null.</summary>
    public static Task<IdempotencyHolder?> KeyHolderAsync(SqlSession session, string tenant, string key, CancellationToken cancellationToken) =>
        session.FirstAsync(
            "SELECT job, document_hash FROM idempotency WHERE tenant = @tenant AND key = @key",
            static r => new IdempotencyHolder(r.Job(0), r.GetString(1)),
            cancellationToken,
            ("@tenant", tenant), ("@key", key));

    /// <summary>Gives back a key reserved in this transaction.</summary>
    public static Task ReleaseKeyAsync(SqlSession session, NewJob job, CancellationToken cancellationToken) =>
        session.ExecuteAsync("DELETE FROM idempotency WHERE job = @job", cancellationToken, ("@job", job.Id.Value));

    /// <summary>The job that has not ended and writes to an output.</summary>
    public static Task<JobRecord?> OutputHolderAsync(SqlSession session, string outputKey, CancellationToken cancellationToken) =>
        session.FirstAsync($"SELECT {Columns} FROM jobs WHERE output_key = @output AND {NotEnded}", Map, cancellationToken, ("@output", outputKey));

    public static async Task<IReadOnlyList<JobRecord>> ListAsync(SqlSession session, JobQuery query, CancellationToken cancellationToken)
    {
        var where = new List<string>();
        var parameters = new List<(string, object?)> { ("@limit", query.Limit) };
        if (query.Before is { } before)
        {
            var ord = await session.QueryAsync(
                "SELECT ord FROM jobs WHERE id = @id", static r => r.GetInt64(0), cancellationToken, ("@id", before.Value)).ConfigureAwait(false);
            where.Add("ord < @ord");
            parameters.Add(("@ord", ord.Count == 1 ? ord[0] : throw new ArgumentException($"The cursor names job '{before}', which is not stored (any more); start from the first page.", nameof(query))));
        }

        if (query.Kind is { } kind)
        {
            where.Add("kind = @kind");
            parameters.Add(("@kind", kind));
        }

        if (query.State is { } state)
        {
            where.Add("state = @state");
            parameters.Add(("@state", Words.Of(state)));
        }

        if (query.Tenant is { } tenant)
        {
            where.Add("tenant = @tenant");
            parameters.Add(("@tenant", tenant));
        }

        var filter = where.Count == 0 ? "" : $"WHERE {string.Join(" AND ", where)} ";
        return await session.QueryAsync(
            $"SELECT {Columns} FROM jobs {filter}ORDER BY ord DESC LIMIT @limit", Map, cancellationToken, [.. parameters]).ConfigureAwait(false);
    }

    public static async Task<IReadOnlyList<JobId>> ListUnfinishedAsync(SqlSession session, CancellationToken cancellationToken) =>
        await session.QueryAsync($"SELECT id FROM jobs WHERE {NotEnded} ORDER BY ord", static r => r.Job(0), cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Moves a locked job to a state and phase, appends events and raises the version. Sets the start and end times that
    /// follow from the state.
    /// </summary>
    /// <exception cref="OutputClaimedException">The job had ended and another one now writes to its output.</exception>
    public static async Task<JobRecord> UpdateAsync(
        SqlSession session, LockedJob locked, JobState state, string phase, string? error, IReadOnlyList<NewJobEvent> events, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var old = locked.Job;
        if (old.State.IsTerminal() && !state.IsTerminal() && old.OutputKey is { } output
            && await OutputHolderAsync(session, output, cancellationToken).ConfigureAwait(false) is { } holder)
        {
            throw new OutputClaimedException(old.Id, output, holder.Id);
        }

        var last = await EventTable.InsertAsync(session, old.Id, locked.LastEvent, events, now, cancellationToken).ConfigureAwait(false);
        var changed = old with
        {
            State = state,
            Phase = phase,
            Error = StoredText.Clean(error),
            UpdatedAt = now,
            StartedAt = old.StartedAt ?? (state == JobState.Running ? now : null),
            EndedAt = !state.IsTerminal() ? null : old.State.IsTerminal() ? old.EndedAt : now,
            Version = old.Version + 1,
        };
        try
        {
            await session.ExecuteAsync(
                """
                UPDATE jobs
                SET state = @state, phase = @phase, error = @error, updated_at = @updated, started_at = @started, ended_at = @ended,
                    version = @version, last_event = @last
                WHERE id = @id
                """,
                cancellationToken,
                ("@state", Words.Of(changed.State)), ("@phase", changed.Phase), ("@error", changed.Error),
                ("@updated", session.Dialect.Time(changed.UpdatedAt)), ("@started", session.Dialect.Time(changed.StartedAt)),
                ("@ended", session.Dialect.Time(changed.EndedAt)), ("@version", changed.Version), ("@last", last), ("@id", old.Id.Value)).ConfigureAwait(false);
        }
        catch (DbException e) when (e.SqlState == UniqueViolation && old.OutputKey is not null)
        {
            // Another process took the output between the look above and here.
            throw new OutputClaimedException(old.Id, old.OutputKey, null);
        }

        if (!old.State.IsTerminal() && state.IsTerminal())
        {
            await DeliveryTable.EnqueueAsync(session, changed, now, cancellationToken).ConfigureAwait(false);
        }

        return changed;
    }

    public static Task SetLastEventAsync(SqlSession session, JobId id, long last, CancellationToken cancellationToken) =>
        session.ExecuteAsync("UPDATE jobs SET last_event = @last WHERE id = @id", cancellationToken, ("@last", last), ("@id", id.Value));

    /// <summary>Deletes a job with all its rows.</summary>
    public static async Task DeleteAsync(SqlSession session, JobId id, CancellationToken cancellationToken)
    {
        foreach (var table in (string[])["shards", "attempts", "events", "phases", "idempotency"])
        {
            await session.ExecuteAsync($"DELETE FROM {table} WHERE job = @id", cancellationToken, ("@id", id.Value)).ConfigureAwait(false);
        }

        await session.ExecuteAsync("DELETE FROM jobs WHERE id = @id", cancellationToken, ("@id", id.Value)).ConfigureAwait(false);
    }

    private static JobRecord Map(DbDataReader r) => new(
        r.Job(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetInt32(4), Words.JobStateOf(r.GetString(5)), r.GetString(6),
        r.GetString(7), r.GetString(8), r.TextOrNull(9), StoredText.List(r.GetString(10)), StoredText.List(r.GetString(11)),
        r.TextOrNull(12), r.Time(13), r.Time(14), r.TimeOrNull(15), r.TimeOrNull(16), r.GetInt64(17), r.TextOrNull(18));
}

/// <summary>A job read under its lock, with the number of its newest event.</summary>
internal sealed record LockedJob(JobRecord Job, long LastEvent);

/// <summary>The job that was stored under an idempotency key.</summary>
internal sealed record IdempotencyHolder(JobId Job, string DocumentHash);
