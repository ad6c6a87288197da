using System.Diagnostics.CodeAnalysis;
using Orchestrator.Data.Storage;
using Orchestrator.Data.WebDataset;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>Opens an input shard wherever it is, in the version that the job was planned with.</summary>
internal static class SourceShard
{
    /// <summary>Opens for sequential reading; a missing or forbidden shard, and one that changed, is a value.</summary>
    public static bool TryOpen(
        JobStorage storage,
        ScorePayload source,
        TarReadOptions? options,
        [NotNullWhen(true)] out TarShardReader? reader,
        [NotNullWhen(false)] out ShardDamage? damage)
    {
        (reader, damage) = (null, null);
        try
        {
            // The reader's own buffer is the only one.
            reader = new TarShardReader(storage.OpenRead(source.Path, source.Version), options);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            damage = new ShardDamage(ShardDamageKind.Missing, 0, $"there is no file '{source.Path}'; check input.shards and that the disk is mounted");
        }
        catch (StorageRefusedException e)
        {
            damage = new ShardDamage(ShardDamageKind.Missing, 0, e.Message);
        }
        catch (StorageException e)
        {
            damage = new ShardDamage(ShardDamageKind.Unreadable, 0, e.Message) { Cause = e };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            damage = new ShardDamage(ShardDamageKind.Unreadable, 0, $"'{source.Path}' cannot be opened ({e.Message}); check its permissions") { Cause = e };
        }

        return false;
    }

    /// <summary>The failure of an attempt that could not read a shard: another may, where storage and not the bytes is to blame.</summary>
    /// <param name="name">The shard, as the document names it.</param>
    /// <param name="damage">What was met.</param>
    public static ShardFailure FailureOf(string name, ShardDamage damage) => new(
        !damage.Retryable ? FailureKind.Fatal : damage.Cause is { } cause ? StorageTrouble.KindOf(cause) : FailureKind.Transient,
        $"input.shards: {name}: {damage.Message}",
        damage.Cause?.ToString());
}
