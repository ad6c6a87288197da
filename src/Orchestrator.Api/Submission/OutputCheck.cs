using Orchestrator.Domain.Documents;

namespace Orchestrator.Api.Submission;

/// <summary>Judges <c>output.path</c>: inside the roots, and free.</summary>
internal static class OutputCheck
{
    /// <summary>The absolute path, or null with an error noted.</summary>
    public static string? Run(WrittenField output, StoragePaths paths, List<DocumentError> errors)
    {
        var resolved = paths.Roots.Resolve(output.Text, "output.path", paths.BaseDirectory);
        if (!resolved.Ok)
        {
            errors.Add(InputCheck.ToError(output.Path, resolved.Fault!));
            return null;
        }

        if (Problem(resolved.Value) is { } problem)
        {
            errors.Add(new(output.Path, output.Text, problem));
            return null;
        }

        return resolved.Value;
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
