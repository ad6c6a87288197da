using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Architecture.Tests;

/// <summary>The compiled domain: what it really calls, whatever its project file says.</summary>
public sealed class DomainPurityTests
{
    private static readonly string[] Foreign = ["Orleans", "OnnxRuntime", "Npgsql", "Sqlite", "Dapper", "System.Data", "System.Net", "Microsoft"];

    /// <summary>Types of the base library that reach out of the process.</summary>
    private static readonly string[] Outside =
    [
        "System.IO.File", "System.IO.Directory", "System.IO.FileStream", "System.IO.FileInfo", "System.IO.DirectoryInfo",
        "System.Console", "System.Diagnostics.Process", "System.Diagnostics.Stopwatch", "System.Threading.Thread",
    ];

    private static readonly string[] Clocks = ["get_Now", "get_UtcNow", "get_Today"];

    [Fact]
    public void Domain_ReferencesTheBaseLibraryOnly()
    {
        var names = typeof(JobId).Assembly.GetReferencedAssemblies().Select(assembly => assembly.Name!).ToArray();
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
        Assert.DoesNotContain(names, name => Foreign.Any(foreign => name.Contains(foreign, StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public void Domain_TouchesNoFileClockOrProcess() => Read(reader =>
    {
        var types = reader.TypeReferences.Select(reader.GetTypeReference).Select(type => NameOf(reader, type)).ToArray();
        Assert.Contains("System.Object", types);
        Assert.Empty(types.Intersect(Outside));

        var members = (
            from handle in reader.MemberReferences
            let member = reader.GetMemberReference(handle)
            where member.Parent.Kind == HandleKind.TypeReference
            select (Type: NameOf(reader, reader.GetTypeReference((TypeReferenceHandle)member.Parent)), Name: reader.GetString(member.Name))).ToArray();
        Assert.DoesNotContain(members, m => m.Type is "System.DateTime" or "System.DateTimeOffset" && Clocks.Contains(m.Name));

        // The compiler asks for the thread in iterators that are enumerable; nobody else may ask for anything.
        Assert.DoesNotContain(members, m => m.Type == "System.Environment" && m.Name != "get_CurrentManagedThreadId");
    });

    private static void Read(Action<MetadataReader> look)
    {
        using var file = File.OpenRead(typeof(JobId).Assembly.Location);
        using var image = new PEReader(file);
        look(image.GetMetadataReader());
    }

    private static string NameOf(MetadataReader reader, TypeReference type) =>
        $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";
}
