using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Execution;

/// <summary>Whose fault a storage error is: a disk that is full or gone fails every shard alike, and must not cost any of them its retries.</summary>
internal static class StorageTrouble
{
    /// <summary>Linux errno values that speak of the device or the server behind a path: EIO, ENODEV, ENOSPC, EROFS, ENOTCONN, ETIMEDOUT, EHOSTDOWN, EHOSTUNREACH, ESTALE, EDQUOT.</summary>
    private static readonly int[] Infrastructure = [5, 19, 28, 30, 107, 110, 112, 113, 116, 122];

    /// <summary>Class of the failure.</summary>
    public static FailureKind KindOf(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            // .NET passes an errno that it has no exception type for on as the HResult.
            if (e is IOException && Infrastructure.Contains(e.HResult))
            {
                return FailureKind.Infrastructure;
            }
        }

        return FailureKind.Transient;
    }
}
