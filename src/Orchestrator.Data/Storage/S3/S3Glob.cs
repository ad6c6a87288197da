using System.IO.Enumeration;

namespace Orchestrator.Data.Storage.S3;

/// <summary>Globs over a bucket, by the rules of <see cref="ShardPatterns"/>: one listing of what stands before the first wildcard.</summary>
internal static class S3Glob
{
    // A pattern that matches little of much would list for hours; its folder can be named instead.
    private const int LookedAtPerMatch = 20;

    /// <summary>Adds the matches, or says what is wrong.</summary>
    public static DataFault? Expand(string pattern, JobStorage storage, string field, int limit, List<ShardFile> files)
    {
        var wildcard = pattern.AsSpan().IndexOfAny('*', '?');
        var slash = pattern.LastIndexOf('/', wildcard);
        if (slash < S3Address.Scheme.Length)
        {
            return new DataFault(pattern, field, "The bucket's name has a wildcard.", "Name the bucket; '*' and '?' may stand in the key.");
        }

        var folder = storage.Resolve(pattern[..slash], field);
        if (!folder.Ok)
        {
            return folder.Fault! with { Subject = pattern };
        }

        var address = S3Address.Parse(folder.Value);
        var parts = pattern[(slash + 1)..].Split('/');
        var start = address.Prefix + pattern[(slash + 1)..wildcard];
        var (before, looked) = (files.Count, 0L);
        foreach (var file in ((S3Storage)storage.Of(folder.Value)).ListFrom(address.Bucket, start))
        {
            if (++looked > (long)limit * LookedAtPerMatch)
            {
                return new DataFault(pattern, field, $"More than {(long)limit * LookedAtPerMatch:N0} objects stand where the pattern looks.", "Name a longer folder before the first wildcard.");
            }

            if (Matches(parts, file.Path[(address.ToString().Length + 1)..].Split('/')))
            {
                files.Add(new ShardFile(file.Path, file.Path, file));
                if (files.Count > limit)
                {
                    return null;
                }
            }
        }

        return files.Count > before ? null : new DataFault(pattern, field, "No object matches.", "Check the prefix and the pattern; '**' matches any number of folders.");
    }

    private static bool Matches(ReadOnlySpan<string> pattern, ReadOnlySpan<string> names)
    {
        if (pattern.IsEmpty || names.IsEmpty)
        {
            return pattern.IsEmpty && names.IsEmpty;
        }

        if (pattern[0] == "**")
        {
            return pattern.Length == 1
                ? !Hidden(names[0]) && (names.Length == 1 || Matches(pattern, names[1..]))
                : Matches(pattern[1..], names) || (names.Length > 1 && !Hidden(names[0]) && Matches(pattern, names[1..]));
        }

        return FileSystemName.MatchesSimpleExpression(pattern[0], names[0], ignoreCase: false)
            && (pattern[0].StartsWith('.') || !Hidden(names[0]))
            && Matches(pattern[1..], names[1..]);
    }

    private static bool Hidden(string name) => name.StartsWith('.');
}
