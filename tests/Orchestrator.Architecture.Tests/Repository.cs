using System.Diagnostics;
using System.Xml.Linq;

namespace Orchestrator.Architecture.Tests;

/// <summary>The checked-out repository that this test was built from.</summary>
internal static class Repository
{
    /// <summary>Folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The solution's text.</summary>
    public static string Solution => File.ReadAllText(Path.Combine(Root, "Orchestrator.sln"));

    /// <summary>Files that git tracks, and new ones it does not ignore; paths from the root with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = ListFiles();

    /// <summary>All project files.</summary>
    public static IReadOnlyList<Project> Projects { get; } =
        [.. Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)).Select(Project.Read)];

    /// <summary>C# files below a folder.</summary>
    public static IEnumerable<string> Sources(string folder) =>
        Files.Where(file => file.StartsWith(folder + "/", StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal));

    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Root, file));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Orchestrator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Orchestrator.sln above {AppContext.BaseDirectory}.");
    }

    private static IReadOnlyList<string> ListFiles()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start)!;
        var listed = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        var files = listed.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(file => File.Exists(Path.Combine(Root, file))).Distinct().ToArray();
        return git.ExitCode == 0 && files.Length > 0
            ? files
            : throw new InvalidOperationException($"'git ls-files' named no files in {Root}; these tests need a git checkout.");
    }
}

/// <summary>A project file.</summary>
/// <param name="Path">Path from the repository's root.</param>
/// <param name="References">Names of referenced projects.</param>
/// <param name="Packages">Names of referenced packages.</param>
internal sealed record Project(string Path, IReadOnlyList<string> References, IReadOnlyList<string> Packages)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public bool IsIn(string folder) => Path.StartsWith(folder + "/", StringComparison.Ordinal);

    public static Project Read(string path)
    {
        var xml = XDocument.Load(System.IO.Path.Combine(Repository.Root, path));
        IReadOnlyList<string> Included(string element) => [.. xml.Descendants(element).Select(item => (string)item.Attribute("Include")!)];
        return new Project(
            path,
            [.. Included("ProjectReference").Select(include => System.IO.Path.GetFileNameWithoutExtension(include.Replace('\\', '/')))],
            Included("PackageReference"));
    }
}
