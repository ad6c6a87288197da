using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Orchestrator.Persistence.Sql;

namespace Orchestrator.Persistence.Sqlite;

/// <summary>
/// The one thread that writes. It takes all the work that waits, runs it in one transaction, and answers after the
/// commit, so that callers share the cost of the sync to disk (group commit). Each piece of work has a savepoint: one that
/// throws is undone alone.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    /// <summary>Bounds how long the first caller of a group waits for the last one's statements.</summary>
    private const int MaxGroup = 256;

    private readonly BlockingCollection<Work> queue = [];
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SqliteConnection connection;
    private readonly SqlSession session;

    /// <param name="connection">Open, and owned from here on.</param>
    public SqliteWriter(SqliteConnection connection, SqlDialect dialect)
    {
        this.connection = connection;
        session = new SqlSession(connection, dialect, keepsCommands: true);
        new Thread(Run) { IsBackground = true, Name = "job-store-writer" }.Start();
    }

    /// <summary>
    /// Queues work. Cancelling takes it out of the queue; once it runs it is carried through, so its outcome is never in doubt.
    /// </summary>
    public Task<T> RunAsync<T>(Func<SqlSession, Task<T>> body, CancellationToken cancellationToken)
    {
        var work = new Work<T>(body, cancellationToken);
        try
        {
            queue.Add(work, CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(IJobStore));
        }

        return work.Task;
    }

    /// <summary>Finishes the work that waits, then closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.CompleteAdding();
        await stopped.Task.ConfigureAwait(false);
        queue.Dispose();
    }

    private void Run()
    {
        var group = new List<Work>(MaxGroup);
        foreach (var first in queue.GetConsumingEnumerable())
        {
            group.Add(first);
            while (group.Count < MaxGroup && queue.TryTake(out var next))
            {
                group.Add(next);
            }

            CommitTogether(group);
            group.Clear();
        }

        session.Dispose();
        connection.Dispose();
        stopped.SetResult();
    }

    private void CommitTogether(List<Work> group)
    {
        var committing = false;
        try
        {
            Execute("BEGIN IMMEDIATE");
            foreach (var work in group)
            {
                Execute("SAVEPOINT work");
                if (!work.TryRun(session))
                {
                    Execute("ROLLBACK TO work");
                }

                Execute("RELEASE work");
            }

            committing = true;
            Execute("COMMIT");
        }
        catch (Exception e)
        {
            RollBack();
            var error = e is SqliteException sqlite && SqliteErrors.IsUnavailable(sqlite)
                ? new StoreUnavailableException($"The job store '{connection.DataSource}' cannot be written: {e.Message}", committing, e)
                : e;
            foreach (var work in group)
            {
                work.Fail(error);
            }

            return;
        }

        foreach (var work in group)
        {
            work.Answer();
        }
    }

    private void RollBack()
    {
        try
        {
            Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // A full disk or an I/O error has ended the transaction already; that error is the one the callers get.
        }
    }

    // Microsoft.Data.Sqlite does its work before the task is returned.
    private void Execute(string sql) => session.ExecuteAsync(sql, CancellationToken.None).GetAwaiter().GetResult();

    private abstract class Work
    {
        public abstract bool TryRun(SqlSession session);

        public abstract void Answer();

        public abstract void Fail(Exception error);
    }

    private sealed class Work<T>(Func<SqlSession, Task<T>> body, CancellationToken cancellationToken) : Work
    {
        private readonly TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T result = default!;
        private Exception? failure;

        public Task<T> Task => answer.Task;

        public override bool TryRun(SqlSession session)
        {
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                result = body(session).GetAwaiter().GetResult();
                return true;
            }
            catch (Exception e)
            {
                failure = e;
                return false;
            }
        }

        public override void Answer()
        {
            if (failure is null)
            {
                answer.SetResult(result);
            }
            else
            {
                Fail(failure);
            }
        }

        public override void Fail(Exception error)
        {
            error = failure ?? error;
            if (error is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                answer.TrySetCanceled(cancellationToken);
            }
            else
            {
                answer.TrySetException(error);
            }
        }
    }
}
