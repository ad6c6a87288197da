using Orchestrator.Data.Storage.S3;

namespace Orchestrator.Data.Storage;

/// <summary>The folders, buckets and prefixes this process may touch. A path is judged, links and all, before anything is opened.</summary>
/// <remarks>
/// A path is accepted when it lies under a root and so does every symbolic link on the way; the result has no links left in it
/// at the moment of the check, so callers use it and not the original. An empty list refuses everything.
/// A link swapped between the check and the open is outside what this class can see: keep roots writable by trusted users only.
/// Immutable; safe to share.
/// </remarks>
public sealed class AllowedRoots
{
    private const int MaxLinks = 40;

    private static readonly StringComparison PathComparison =
        OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    // As written and as resolved: a root may itself be reached through links, which its owner chose.
    private readonly (string Written, string Resolved)[] _roots;
    private readonly S3Address[] _objectRoots;

    /// <param name="roots">Folders, absolute or relative to <paramref name="baseFolder"/>, which need not exist yet, and <c>s3://bucket/prefix</c>.</param>
    /// <param name="baseFolder">Folder of relative roots; null (default) is the current directory.</param>
    /// <exception cref="FormatException">A root that begins with <c>s3://</c> is no address.</exception>
    public AllowedRoots(IEnumerable<string> roots, string? baseFolder = null)
    {
        var all = roots.ToList();
        _objectRoots = [.. all.Where(S3Address.Is).Select(S3Address.Parse)];
        _roots =
        [
            .. all.Where(root => !S3Address.Is(root))
                .Select(root => Path.TrimEndingDirectorySeparator(baseFolder is null ? Path.GetFullPath(root) : Path.GetFullPath(root, Path.GetFullPath(baseFolder))))
                .Select(full => (full, ResolveFreely(full))),
        ];
    }

    /// <summary>The roots, absolute, as written; folders first.</summary>
    public IReadOnlyList<string> Roots => [.. _roots.Select(r => r.Written), .. _objectRoots.Select(r => r.ToString())];

    /// <summary>As <see cref="Resolve"/>, and takes objects too: <c>s3://bucket/key</c> below a root of that kind.</summary>
    /// <param name="path">A file path or an address.</param>
    /// <param name="field">Field of the document or setting, for the fault.</param>
    /// <param name="baseFolder">Folder or prefix for relative paths; null (default) is the current directory.</param>
    public Checked<string> ResolveAny(string path, string field, string? baseFolder = null)
    {
        var full = !S3Address.Is(path) && baseFolder is not null && S3Address.Is(baseFolder) && path.Length > 0 && !Path.IsPathRooted(path)
            ? $"{baseFolder.TrimEnd('/')}/{path}"
            : path;
        if (!S3Address.Is(full))
        {
            return Resolve(path, field, baseFolder is not null && S3Address.Is(baseFolder) ? null : baseFolder);
        }

        if (S3Address.TryParse(full, out var problem) is not { } address)
        {
            return new DataFault(path, field, $"The address {problem}.", "Write it as s3://bucket/key, with '/' between names.");
        }

        return Array.Exists(_objectRoots, root => root.Rest(address) is not null)
            ? address.ToString()
            : new DataFault(path, field, "The address is outside Storage:AllowedRoots.", _objectRoots.Length == 0
                ? $"Add {S3Address.Scheme}{address.Bucket} or a prefix of it to Storage:AllowedRoots."
                : $"Use an address under {string.Join(" or ", _objectRoots.Select(r => $"'{r}'"))}, or add its bucket or prefix to Storage:AllowedRoots.");
    }

    /// <summary>The absolute path to use, without links, or why the path is refused.</summary>
    /// <param name="path">Absolute, or relative to <paramref name="baseFolder"/>. It need not exist.</param>
    /// <param name="field">Field of the document or setting, for the fault.</param>
    /// <param name="baseFolder">Folder for relative paths; null (default) is the current directory.</param>
    public Checked<string> Resolve(string path, string field, string? baseFolder = null)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            return new DataFault("(empty)", field, "The path is empty.", "Give a path.");
        }

        if (path.Contains('\0'))
        {
            return new DataFault(Utf8Text.Escape(System.Text.Encoding.UTF8.GetBytes(path.Replace("\0", "\\0"))), field, "The path contains a NUL character.", "Remove it.");
        }

        if (path.Contains("://", StringComparison.Ordinal))
        {
            return new DataFault(path, field, "The path names another kind of storage.", "Use a file path: this field takes local files.");
        }

        var full = baseFolder is null ? Path.GetFullPath(path) : Path.GetFullPath(path, Path.GetFullPath(baseFolder));
        for (var links = 0; ; links++)
        {
            if (Locate(full) is not { } under)
            {
                return Outside(path, field, full, links > 0);
            }

            if (links > MaxLinks)
            {
                return new DataFault(path, field, $"More than {MaxLinks} symbolic links follow one another.", "Name the file itself.");
            }

            var (resolved, redirected) = FollowFirstLink(under.Root, under.Tail);
            if (!redirected)
            {
                return resolved;
            }

            full = resolved;
        }
    }

    /// <summary>True when an absolute path without links lies under a root.</summary>
    public bool Contains(string fullPath) => Locate(Path.GetFullPath(fullPath)) is not null;

    private (string Root, string Tail)? Locate(string full)
    {
        foreach (var (written, resolved) in _roots)
        {
            foreach (var root in (ReadOnlySpan<string>)[resolved, written])
            {
                if (Rest(root, full) is { } rest)
                {
                    return (resolved, rest);
                }
            }
        }

        return null;
    }

    private static string? Rest(string root, string full)
    {
        if (string.Equals(Path.TrimEndingDirectorySeparator(full), root, PathComparison))
        {
            return "";
        }

        var prefix = Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar;
        return full.StartsWith(prefix, PathComparison) ? full[prefix.Length..] : null;
    }

    /// <summary>Walks down from a root; at the first link returns where the whole path points now.</summary>
    private static (string Path, bool Redirected) FollowFirstLink(string root, string rest)
    {
        var current = root;
        var names = rest.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < names.Length; i++)
        {
            var next = Path.Combine(current, names[i]);
            if (LinkTarget(next) is { } target)
            {
                var pointed = Path.GetFullPath(target, current);
                return (Path.GetFullPath(Path.Combine([pointed, .. names[(i + 1)..]])), true);
            }

            current = next;
        }

        return (current, false);
    }

    private static string? LinkTarget(string path) => new FileInfo(path).LinkTarget ?? new DirectoryInfo(path).LinkTarget;

    private static string ResolveFreely(string full)
    {
        for (var links = 0; links <= MaxLinks; links++)
        {
            var top = Path.GetPathRoot(full)!;
            var (path, redirected) = FollowFirstLink(top, full[top.Length..]);
            if (!redirected)
            {
                return path;
            }

            full = Path.TrimEndingDirectorySeparator(path);
        }

        throw new ArgumentException($"Storage:AllowedRoots: '{full}' is reached through more than {MaxLinks} symbolic links; name the folder itself.");
    }

    private DataFault Outside(string path, string field, string full, bool byLink) => new(
        path,
        field,
        byLink ? $"A symbolic link on the way leads outside Storage:AllowedRoots, to '{full}'." : "The path is outside Storage:AllowedRoots.",
        _roots.Length == 0
            ? "Set Storage:AllowedRoots; it is empty, which refuses every path."
            : $"Use a path under {string.Join(" or ", _roots.Select(r => $"'{r.Written}'"))}, or add its folder to Storage:AllowedRoots.");
}
