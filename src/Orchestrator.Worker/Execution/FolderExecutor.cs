using Orchestrator.Data.Storage;
using Orchestrator.Domain.Jobs;
using Orchestrator.Inference;

namespace Orchestrator.Worker.Execution;

/// <summary>What executors share whose jobs write to a folder: opening it, failures as values, and deleting what an attempt left.</summary>
/// <param name="kind">Document kind.</param>
/// <typeparam name="TFolder">The job's folder.</typeparam>
public abstract class FolderExecutor<TFolder>(string kind) : IShardExecutor
    where TFolder : JobFolder
{
    /// <inheritdoc />
    public string Kind => kind;

    /// <inheritdoc />
    public abstract string Phase { get; }

    /// <inheritdoc />
    public async Task<ShardOutcome> ExecuteAsync(ShardWork work, CancellationToken cancellationToken)
    {
        var output = "";
        try
        {
            if (Open(work, out var failure) is not { } folder)
            {
                return ShardOutcome.Failed(failure!);
            }

            using (folder)
            {
                output = folder.Output;
                return await ExecuteIn(folder);
            }
        }
        catch (StorageException e)
        {
            return ShardOutcome.Failed(FailureKind.Transient, e.Message, e.ToString());
        }
        catch (Exception e) when (e is ModelContractException or InvalidDataException or StorageRefusedException)
        {
            return ShardOutcome.Failed(FailureKind.Fatal, e.Message, e.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ShardOutcome.Failed(
                StorageTrouble.KindOf(e), $"{e.Message.TrimEnd('.')} (output folder {output}); check free space and permissions.", e.ToString());
        }

        async Task<ShardOutcome> ExecuteIn(TFolder folder)
        {
            try
            {
                return await ExecuteAsync(work, folder, cancellationToken);
            }
            catch (SpoiltFileException e)
            {
                return ShardOutcome.Failed(await SpoiltInputs.FailureOfAsync(e, work, folder, Reads, cancellationToken));
            }
            catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException && !folder.HasItsAttempts)
            {
                // Somebody removed the folder in the middle: no fault of the shard, and the next attempt makes its own.
                return ShardOutcome.Failed(
                    FailureKind.Infrastructure, $"The attempt's place in the output folder {output} was taken away; keep others out of the folder while the job runs.", e.ToString());
            }
        }
    }

    /// <inheritdoc />
    public Task DiscardAsync(ShardWork work)
    {
        try
        {
            using var folder = Open(work, out _);
            folder?.DiscardAttempt(work.Lease);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or StorageRefusedException)
        {
            // Left behind under .work, which nobody reads; the last phase or the next attempt removes it.
        }

        return Task.CompletedTask;
    }

    /// <summary>Phases whose committed files it may read, in order.</summary>
    protected abstract IReadOnlyList<string> Reads { get; }

    /// <summary>Opens the job's folder, or says why it is refused.</summary>
    protected abstract TFolder? Open(ShardWork work, out ShardFailure? failure);

    /// <summary>Does the shard.</summary>
    protected abstract Task<ShardOutcome> ExecuteAsync(ShardWork work, TFolder workspace, CancellationToken cancellationToken);
}
