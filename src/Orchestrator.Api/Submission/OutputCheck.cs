using Orchestrator.Data.Storage;
using Orchestrator.Data.Storage.S3;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Api.Submission;

/// <summary>Judges <c>output.path</c>: inside the roots, and free.</summary>
internal static class OutputCheck
{
    /// <summary>The absolute path, or null with an error noted.</summary>
    public static string? Run(WrittenField output, StoragePaths paths, List<DocumentError> errors)
    {
        var resolved = paths.Storage.Resolve(output.Text, "output.path", paths.BaseDirectory);
        if (!resolved.Ok)
        {
            errors.Add(InputCheck.ToError(output.Path, resolved.Fault!));
            return null;
        }

        if ((S3Address.Is(resolved.Value) ? ProblemOfPrefix(resolved.Value, paths.Storage) : Problem(resolved.Value)) is { } problem)
        {
            errors.Add(new(output.Path, output.Text, problem));
            return null;
        }

        return resolved.Value;
    }

    private static string? ProblemOfPrefix(string address, JobStorage storage)
    {
        if (S3Address.Parse(address).Key.Length == 0)
        {
            return "is a whole bucket; name a prefix of it, for example s3://bucket/run-7";
        }

        try
        {
            return storage.Of(address).List(address).Any() ? "the prefix holds objects already; name another one, or move them away"
                : storage.Stat(address) is not null ? "is an object; name a prefix that has none below it"
                : null;
        }
        catch (Exception e) when (e is StorageException or StorageRefusedException)
        {
            return e.Message;
        }
    }

    private static string? Problem(string path)
    {
        try
        {
            if (File.Exists(path))
            {
                return "is a file; name a folder that does not exist yet or is empty";
            }

            if (Directory.Exists(path))
            {
                return Directory.EnumerateFileSystemEntries(path).Any()
                    ? "the folder exists and is not empty; name another one, or move what is in it away"
                    : null;
            }

            var parent = Path.GetDirectoryName(path);
            while (parent is not null && !Directory.Exists(parent))
            {
                if (File.Exists(parent))
                {
                    return $"'{parent}' on the way is a file; name a path through folders";
                }

                parent = Path.GetDirectoryName(parent);
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be looked at ({e.Message}); check its permissions";
        }
    }
}
