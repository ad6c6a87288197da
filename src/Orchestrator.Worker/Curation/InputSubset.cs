using Orchestrator.Data;
using Orchestrator.Data.Formats;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>Opens the file that <c>input.subset</c> names.</summary>
internal static class InputSubset
{
    private const string Field = "input.subset";

    /// <summary>Opens it; a worker reads it whole once, to see that it is sorted, and again only when it has changed.</summary>
    /// <param name="path">As in the document.</param>
    /// <param name="folder">The job's folder; keeps a local copy while it is open.</param>
    /// <exception cref="InvalidDataException">The file is refused, missing, or not a sorted "u8,u8".</exception>
    public static UidSubset Open(string path, JobFolder folder)
    {
        var resolved = folder.Storage.Resolve(path, Field);
        var stored = resolved.Ok
            ? folder.Storage.Stat(resolved.Value) ?? throw Wrong(new DataFault(path, Field, "There is no such file.", "Check the path and that its disk is mounted."))
            : throw Wrong(resolved.Fault!);
        var local = folder.Storage.Fetch(stored.Path, folder.Pins);
        folder.Storage.Derive($"sorted\n{stored.Identity}", marker =>
        {
            using var subset = Open(local, path, isSorted: false);
            File.WriteAllBytes(marker, []);
        }, folder.Pins);
        return Open(local, path, isSorted: true);
    }

    private static UidSubset Open(string local, string name, bool isSorted)
    {
        var opened = UidSubset.Open(local, name, Field, isSorted);
        return opened.Ok ? opened.Value : throw Wrong(opened.Fault!);
    }

    private static InvalidDataException Wrong(DataFault fault) => new(fault.ToString());
}
