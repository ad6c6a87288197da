using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Orchestrator.Api.Options;
using Orchestrator.Cluster.Tests;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Domain.Curation;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Hosting;
using YamlDotNet.RepresentationModel;

namespace Orchestrator.Observability.Tests;

/// <summary>
/// AppHost is not built where Aspire's SDK cannot be restored. Every project, path, port, variable and route that it names is
/// held here against what there is.
/// </summary>
public sealed partial class AppHostTests
{
    private static readonly string Folder = Path.Combine(RealCluster.RepositoryRoot(), "AppHost");

    private static readonly string Text = string.Join('\n', Directory.GetFiles(Folder, "*.cs").Order(StringComparer.Ordinal).Select(File.ReadAllText));

    private static readonly Dictionary<string, Type[]> Sections = new()
    {
        ["Cluster"] = [typeof(OrchestratorClusterOptions)],
        ["Storage"] = [typeof(StorageOptions), typeof(WorkerStorageOptions)],
        ["Models"] = [typeof(ModelsOptions)],
        ["Worker"] = [typeof(WorkerOptions)],
        ["Inference"] = [typeof(InferenceSettings)],
        ["Auth"] = [typeof(AuthOptions)],
    };

    [Fact]
    public void Projects_AreReferencedAndThere()
    {
        var referenced = XDocument.Load(Path.Combine(Folder, "AppHost.csproj")).Descendants("ProjectReference").Select(r => (string)r.Attribute("Include")!).ToArray();
        Assert.All(referenced, path => Assert.True(File.Exists(Path.Combine(Folder, path)), path));
        var named = AddProject().Matches(Text).Select(m => m.Groups["name"].Value).ToArray();
        Assert.Equal(["Orchestrator_Api", "Orchestrator_Worker"], named.Order());
        Assert.Equal(named.Order(), referenced.Select(path => Path.GetFileNameWithoutExtension(path).Replace('.', '_')).Order());
    }

    [Fact]
    public void Packages_HaveAVersion()
    {
        var versions = XDocument.Load(Path.Combine(Folder, "..", "Directory.Packages.props")).Descendants("PackageVersion").Select(p => (string)p.Attribute("Include")!).ToArray();
        Assert.Subset(versions.ToHashSet(), XDocument.Load(Path.Combine(Folder, "AppHost.csproj")).Descendants("PackageReference").Select(p => (string)p.Attribute("Include")!).ToHashSet());
    }

    [Fact]
    public void Settings_AreOnesThatTheProcessesRead()
    {
        var names = Setting().Matches(Text).Select(m => m.Groups["name"].Value).Distinct().ToArray();
        Assert.True(names.Length >= 9, string.Join(' ', names));
        Assert.All(names, name =>
        {
            var parts = name.Split("__");
            Assert.All(Sections[parts[0]], section => Assert.True(Exists(section, parts[1..]), $"{name}: {section.Name} has no such property"));
        });
    }

    [Fact]
    public void Mounts_AreFoldersThatTheConfigurationsMean()
    {
        var mounts = Mount().Matches(Text).ToDictionary(m => m.Groups["to"].Value, m => Path.GetFullPath(Path.Combine(Folder, "..", "dashboards", m.Groups["from"].Value)));
        Assert.Equal(4, mounts.Count);
        Assert.All(mounts.Values, from => Assert.True(Directory.Exists(from), from));
        Assert.All(InContainer().Matches(Text).Select(m => m.Value), path =>
            Assert.Contains(mounts, mount => path.StartsWith(mount.Key + "/", StringComparison.Ordinal) && File.Exists(Path.Combine(mount.Value, path[(mount.Key.Length + 1)..]))));
        var provider = Yaml("grafana", "provisioning", "dashboards", "orchestrator.yml");
        Assert.Contains((string)provider["providers"][0]["options"]["path"]!, mounts.Keys);
    }

    [Fact]
    public void Ports_OfTheCollector_AreThoseItListensOn()
    {
        var collector = Yaml("otel-collector", "collector.yml");
        var configured = new[]
        {
            collector["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"], collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"],
            collector["exporters"]["prometheus"]["endpoint"],
        }.Select(endpoint => ((string)endpoint!).Split(':')[1]);
        var container = Text[Text.IndexOf("AddContainer(\"otel-collector\"", StringComparison.Ordinal)..];
        Assert.Equal(configured, TargetPort().Matches(container).Take(3).Select(m => m.Groups["port"].Value));

        var target = (string)Yaml("prometheus", "targets", "cluster.yml")[0]["targets"][0]!;
        Assert.Equal($"otel-collector:{configured.Last()}", target);
    }

    [Fact]
    public void Variables_OfTheContainers_AreSet()
    {
        var set = Variable().Matches(Text).Select(m => m.Groups["name"].Value).ToHashSet();
        Assert.Superset(Placeholder().Matches(File.ReadAllText(Path.Combine(DashboardFiles.Root, "otel-collector", "collector.yml"))).Select(m => m.Groups["name"].Value).ToHashSet(), set);
        Assert.Equal("$PROMETHEUS_URL", (string)Yaml("grafana", "provisioning", "datasources", "prometheus.yml")["datasources"][0]["url"]!);
        Assert.Contains("PROMETHEUS_URL", set);
    }

    [Fact]
    public void Routes_AreOnesThatTheServerHas()
    {
        var api = Sources("src", "Orchestrator.Api");
        Assert.Contains("MapGroup(\"/api/v1\")", api, StringComparison.Ordinal);
        Assert.Contains("MapPost(\"/jobs\"", api, StringComparison.Ordinal);
        Assert.Contains("MapMode(api, \"drain\"", api, StringComparison.Ordinal);
        Assert.Contains("\"/docs\"", api, StringComparison.Ordinal);
        Assert.Contains("\"/health\"", Sources("ServiceDefaults"), StringComparison.Ordinal);
        var routes = Route().Matches(Text).Select(m => m.Value.Trim('"')).ToArray();
        Assert.Equal(["/api/v1/jobs", "/api/v1/workers/{Uri.EscapeDataString(context.ResourceName)}/drain"], routes.Order());
    }

    [Fact]
    public void DemoJob_IsAValidDocumentOfModelsThatAreThere()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "demo-job.json")));
        var read = CurationParser.Parse(json.RootElement);
        Assert.Empty(read.Errors);
        Assert.All(read.Document!.Models, model => Assert.True(Directory.Exists(Path.Combine(Folder, "..", "samples", "models", model)), model));
    }

    private static bool Exists(Type type, ReadOnlySpan<string> path)
    {
        if (path.IsEmpty)
        {
            return true;
        }

        if (int.TryParse(path[0], out _))
        {
            var element = type.IsArray ? type.GetElementType() : type.GetInterfaces().Append(type).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GenericTypeArguments[0];
            return element is not null && Exists(element, path[1..]);
        }

        return type.GetProperty(path[0], BindingFlags.Public | BindingFlags.Instance) is { } property && Exists(property.PropertyType, path[1..]);
    }

    private static YamlNode Yaml(params string[] path)
    {
        var yaml = new YamlStream();
        using var reader = File.OpenText(Path.Combine([DashboardFiles.Root, .. path]));
        yaml.Load(reader);
        return yaml.Documents[0].RootNode;
    }

    private static string Sources(params string[] folder) => string.Join('\n', Directory
        .EnumerateFiles(Path.Combine([Folder, "..", .. folder]), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));

    [GeneratedRegex(@"AddProject<Projects\.(?<name>\w+)>")]
    private static partial Regex AddProject();

    [GeneratedRegex(@"""(?<name>[A-Z]\w*__\w+)""")]
    private static partial Regex Setting();

    [GeneratedRegex(@"WithBindMount\(\$""\{Dashboards\}/(?<from>[^""]+)"", ""(?<to>[^""]+)"", isReadOnly: true\)")]
    private static partial Regex Mount();

    [GeneratedRegex(@"/(etc|var)/[\w/.-]+\.(yml|json)")]
    private static partial Regex InContainer();

    [GeneratedRegex(@"targetPort: (?<port>\d+)")]
    private static partial Regex TargetPort();

    [GeneratedRegex(@"(WithEnvironment\(|EnvironmentVariables\[)""(?<name>\w+)""")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\$\{env:(?<name>\w+)\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"""/api/v1/[^""]+""")]
    private static partial Regex Route();
}
