namespace Orchestrator.Data.Storage;

/// <summary>Names that stay inside the folder they are joined to, on every operating system.</summary>
/// <remarks>The same rule guards artifact paths of the REST surface and member names of archives.</remarks>
public static class SafeRelativePath
{
    /// <summary>Longest accepted path in UTF-16 units; Linux's PATH_MAX.</summary>
    public const int MaxLength = 4096;

    /// <summary>What makes <paramref name="path"/> unsafe, as the end of a sentence ("it ..."), or null when it is safe.</summary>
    public static string? ProblemOf(string path)
    {
        if (path.Length == 0)
        {
            return "is empty";
        }

        if (path.Length > MaxLength)
        {
            return $"is longer than {MaxLength} characters";
        }

        if (path[0] == '/')
        {
            return "is absolute";
        }

        // On Windows "C:x" and "\\host\share" leave the folder; a pool must mean the same everywhere, so both are refused everywhere.
        if (path.Contains('\\'))
        {
            return "contains a backslash";
        }

        if (path.Length >= 2 && path[1] == ':' && char.IsAsciiLetter(path[0]))
        {
            return "starts with a drive letter";
        }

        foreach (var c in path)
        {
            if (char.IsControl(c))
            {
                return $"contains the control character U+{(int)c:X4}";
            }
        }

        foreach (var range in path.AsSpan().Split('/'))
        {
            if (path.AsSpan(range) is "..")
            {
                return "climbs out of its folder with '..'";
            }
        }

        return null;
    }

    /// <summary>Joins a relative path to a folder, or says why it may not be joined.</summary>
    /// <param name="folder">Folder the result must stay in; already guarded by <see cref="AllowedRoots"/>.</param>
    /// <param name="path">Path with <c>/</c> between components.</param>
    /// <param name="field">Field named in the fault.</param>
    public static Checked<string> Join(string folder, string path, string field) =>
        ProblemOf(path) is { } problem
            ? new DataFault(path, field, $"The path {problem}.", "Use a relative path with '/' between names and no '..'.")
            : Path.Combine(folder, path);
}
