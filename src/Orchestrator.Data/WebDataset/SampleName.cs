using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Orchestrator.Data.WebDataset;

/// <summary>How a member name becomes a sample key and an extension: WebDataset's own rule (tariterators.py, <c>base_plus_ext</c>).</summary>
/// <remarks>
/// The key is the folder and the base name up to its first dot; the extension is the rest, lower-cased.
/// <c>a/b.seg.PNG</c> is (<c>a/b</c>, <c>seg.png</c>); <c>dir.v1/0001.jpg</c> is (<c>dir.v1/0001</c>, <c>jpg</c>);
/// <c>noext</c> and <c>.hidden.jpg</c> have no key; the quirk <c>a/.hidden.jpg</c> is (<c>a/</c>, <c>hidden.jpg</c>).
/// </remarks>
public static partial class SampleName
{
    [GeneratedRegex("^((?:.*/|)[^.]+)[.]([^/]*)$", RegexOptions.CultureInvariant)]
    private static partial Regex KeyAndExtension();

    [GeneratedRegex("^__[^/]*__($|/)", RegexOptions.CultureInvariant)]
    private static partial Regex Meta();

    /// <summary>Splits a member name; false when the name has no key, which means the member belongs to no sample.</summary>
    public static bool TrySplit(string name, [NotNullWhen(true)] out string? key, [NotNullWhen(true)] out string? extension)
    {
        var match = KeyAndExtension().Match(name);
        key = match.Success ? match.Groups[1].Value : null;
        extension = match.Success ? match.Groups[2].Value.ToLowerInvariant() : null;
        return match.Success;
    }

    /// <summary>True for members that carry shard metadata (<c>__name__</c>, <c>__name__/...</c>), which every reader skips.</summary>
    public static bool IsMeta(string name) => name.StartsWith("__", StringComparison.Ordinal) && Meta().IsMatch(name);
}
