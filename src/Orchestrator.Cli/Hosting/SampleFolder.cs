namespace Orchestrator.Cli.Hosting;

/// <summary>Finds the <c>samples</c> folder of the repository that this program was built in.</summary>
internal static class SampleFolder
{
    /// <summary>Folder of the demo models.</summary>
    public static string Models() => Find("models");

    /// <summary>Folder of the example documents.</summary>
    public static string Documents() => Find("documents");

    /// <summary>Folder of the sample prompts.</summary>
    public static string Prompts() => Find("language");

    /// <summary>Folder of the demo's dictionary.</summary>
    public static string Words() => Find("wordnet-demo");

    /// <summary>Folder of what the demo compares its pool with.</summary>
    public static string Reference() => Find("reference-demo");

    private static string Find(string name)
    {
        foreach (var start in new[] { Directory.GetCurrentDirectory(), AppContext.BaseDirectory })
        {
            for (var at = new DirectoryInfo(start); at is not null; at = at.Parent)
            {
                var candidate = Path.Combine(at.FullName, "samples", name);
                if (Directory.Exists(candidate) && File.Exists(Path.Combine(at.FullName, "Orchestrator.sln")))
                {
                    return candidate;
                }
            }
        }

        throw new CliException(ExitCodes.Usage, $"samples/{name} was not found above the current directory: run this from a clone of the repository.");
    }
}
