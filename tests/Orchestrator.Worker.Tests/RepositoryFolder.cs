namespace Orchestrator.Worker.Tests;

/// <summary>The repository that these tests were built in.</summary>
internal static class RepositoryFolder
{
    /// <summary>Full path of something below it.</summary>
    public static string PathOf(params string[] parts)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Orchestrator.sln")))
            {
                return Path.Combine([at.FullName, .. parts]);
            }
        }

        throw new InvalidOperationException("The tests were not built inside the repository.");
    }
}
