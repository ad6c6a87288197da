using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Orchestrator.Architecture.Tests;

/// <summary>
/// What <c>deploy/</c> names exists: projects, files, ports, variables, configuration keys, probes, volumes, secrets. No engine
/// is needed to know that, and most mistakes in such files are of this kind.
/// </summary>
public sealed partial class DeployTests
{
    private static readonly string[] Composes = ["deploy/compose.yaml", "deploy/compose.cuda.yaml"];

    /// <summary>Sections that are not ours, and ASP.NET Core's own address.</summary>
    private static readonly string[] Foreign = ["ConnectionStrings", "Logging", "Urls"];

    public static TheoryData<string> Dockerfiles => [.. Repository.Files.Where(file => file.StartsWith("deploy/Dockerfile", StringComparison.Ordinal))];

    public static TheoryData<string> Yamls => [.. Repository.Files.Where(file => file.StartsWith("deploy/", StringComparison.Ordinal) && file.EndsWith(".yaml", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Dockerfiles))]
    public void Dockerfile_NamesProjectsAndFilesThatExist(string file)
    {
        var lines = Repository.Lines(file);
        Assert.NotEmpty(lines);
        foreach (var source in lines.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
                     .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..^1]))
        {
            Assert.True(Repository.Files.Any(tracked => tracked == source || tracked.StartsWith(source.TrimEnd('/') + "/", StringComparison.Ordinal)), $"{file} copies {source}");
        }

        var projects = Published().Matches(string.Join('\n', lines)).Select(match => match.Groups[1].Value).ToArray();
        Assert.NotEmpty(projects);
        Assert.All(projects, project => Assert.Contains(project, Repository.Files));

        // What a published project needs has been copied.
        Assert.All(
            Repository.Projects.Where(project => projects.Contains(project.Path)).SelectMany(project => project.References),
            name => Assert.Contains(Repository.Projects.Single(project => project.Name == name).Path.Split('/')[0] + "/", string.Join('\n', lines), StringComparison.Ordinal));
        foreach (var entry in lines.Where(line => line.StartsWith("ENTRYPOINT", StringComparison.Ordinal)))
        {
            Assert.Contains(projects, project => entry.Contains(Path.GetFileNameWithoutExtension(project) + ".dll", StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Yamls))]
    public void Yaml_SetsOnlyKeysThatTheServersRead(string file)
    {
        var names = Documents(file).SelectMany(document => document.AllNodes).OfType<YamlScalarNode>()
            .Select(node => node.Value ?? "").Where(value => Key().IsMatch(value)).Distinct().ToArray();
        Assert.All(names, name =>
        {
            var parts = name.Split("__").Where(part => !part.All(char.IsAsciiDigit)).ToArray();
            if (Foreign.Contains(parts[0]))
            {
                return;
            }

            var owners = Repository.Sources("src").Select(source => File.ReadAllText(Path.Combine(Repository.Root, source)))
                .Where(text => text.Contains($"Section = \"{parts[0]}\"", StringComparison.Ordinal) || text.Contains($"BindConfiguration(\"{parts[0]}\")", StringComparison.Ordinal)
                    || text.Contains($"<summary>Section <c>{parts[0]}</c>", StringComparison.Ordinal)).ToArray();
            Assert.True(owners.Length > 0, $"{file}: no section {parts[0]} ({name})");
            Assert.All(parts[1..], part => Assert.True(owners.Any(text => Regex.IsMatch(text, $@"\b{part}\b")), $"{file}: {parts[0]} has no {part} ({name})"));
        });
    }

    [Fact]
    public void Compose_BuildsTargetsThatExistAndMountsWhatItConfigures()
    {
        foreach (var file in Composes)
        {
            foreach (var (name, service) in Children(Map(Documents(file).Single(), "services")))
            {
                if (Get(service, "build") is YamlMappingNode build)
                {
                    var dockerfile = Text(build, "dockerfile");
                    Assert.Contains(dockerfile, Repository.Files);
                    Assert.Contains($" AS {Text(build, "target")}", string.Join('\n', Repository.Lines(dockerfile)), StringComparison.Ordinal);
                }

                if (file != Composes[0] || name == "postgres")
                {
                    continue;
                }

                var environment = Environment(service);
                var mounts = ((YamlSequenceNode)Get(service, "volumes")!).Select(volume => ((YamlScalarNode)volume).Value!.Split(":/")[^1].Split(':')[0]).ToArray();
                Assert.Contains(environment["Storage__BaseDirectory"].TrimStart('/'), mounts);
                if (environment.TryGetValue("Models__Roots__0", out var models))
                {
                    Assert.Contains(models.TrimStart('/'), mounts);
                }

                if (Get(service, "ports") is YamlSequenceNode ports)
                {
                    Assert.All(ports, port => Assert.EndsWith($":{new Uri(environment["Urls"]).Port}", ((YamlScalarNode)port).Value, StringComparison.Ordinal));
                }
            }
        }
    }

    [Fact]
    public void Compose_AsksForTheVariablesOfTheExample()
    {
        var asked = Composes.SelectMany(file => Variable().Matches(string.Join('\n', Repository.Lines(file)))).Select(match => match.Groups[1].Value).Distinct().Order();
        var given = Repository.Lines("deploy/.env.example").Where(line => line.Contains('=') && !line.StartsWith('#')).Select(line => line.Split('=')[0]).Order();
        Assert.Equal(given, asked);
    }

    [Fact]
    public void Kubernetes_NamesWhatItHas()
    {
        var listed = ((YamlSequenceNode)Get(Documents("deploy/kubernetes/kustomization.yaml").Single(), "resources")!).Select(node => ((YamlScalarNode)node).Value!).ToArray();
        var here = Repository.Files.Where(file => file.StartsWith("deploy/kubernetes/", StringComparison.Ordinal)).Select(file => Path.GetFileName(file)!);
        Assert.Equal(here.Except(["kustomization.yaml", "secret.example.yaml"]).Order(), listed.Order());

        var resources = listed.Append("secret.example.yaml").SelectMany(file => Documents($"deploy/kubernetes/{file}")).ToArray();
        var names = resources.Select(resource => Text(Map(resource, "metadata"), "name")).ToHashSet();
        var references = resources.SelectMany(resource => resource.AllNodes).OfType<YamlMappingNode>()
            .SelectMany(node => new[] { "configMapRef", "secretRef", "secretKeyRef" }.Select(key => Get(node, key)).OfType<YamlMappingNode>().Select(found => Text(found, "name"))
                .Concat(Get(node, "claimName") is YamlScalarNode claim ? [claim.Value!] : []));
        Assert.All(references, reference => Assert.Contains(reference, names));

        foreach (var deployment in resources.Where(resource => Text(resource, "kind") == "Deployment"))
        {
            CheckDeployment(deployment, resources);
        }
    }

    /// <summary>A pod that is killed before its worker has drained loses the shards that were about to end.</summary>
    [Fact]
    public void Kubernetes_WaitsUntilTheWorkerHasDrained()
    {
        var pod = Map(Map(Map(Documents("deploy/kubernetes/worker.yaml").First(), "spec"), "template"), "spec");
        var container = (YamlMappingNode)((YamlSequenceNode)Get(pod, "containers")!)[0];
        var drain = TimeSpan.Parse(Variables(container)["Worker__DrainTimeout"], CultureInfo.InvariantCulture).TotalSeconds;
        var before = int.Parse(Text(Map(Map(Map(container, "lifecycle"), "preStop"), "sleep"), "seconds"), CultureInfo.InvariantCulture);
        Assert.True(int.Parse(Text(pod, "terminationGracePeriodSeconds"), CultureInfo.InvariantCulture) >= before + drain + 45);
        var compose = Map(Map(Documents(Composes[0]).Single(), "services"), "worker");
        Assert.Equal("6m", Text(compose, "stop_grace_period"));
        Assert.True(360 >= TimeSpan.Parse(Environment(compose)["Worker__DrainTimeout"], CultureInfo.InvariantCulture).TotalSeconds + 45);
    }

    private static void CheckDeployment(YamlNode deployment, YamlNode[] resources)
    {
        var label = Text(Map(Map(Map(deployment, "spec"), "selector"), "matchLabels"), "app");
        var template = Map(Map(deployment, "spec"), "template");
        Assert.Equal(label, Text(Map(Map(template, "metadata"), "labels"), "app"));
        Assert.Contains(resources, resource => Text(resource, "kind") == "PodDisruptionBudget" && Text(Map(Map(Map(resource, "spec"), "selector"), "matchLabels"), "app") == label);

        var container = (YamlMappingNode)((YamlSequenceNode)Get(Map(template, "spec"), "containers")!)[0];
        var defaults = File.ReadAllText(Path.Combine(Repository.Root, "ServiceDefaults", "Extensions.cs"));
        foreach (var probe in (string[])["startupProbe", "livenessProbe", "readinessProbe"])
        {
            var get = Map(Map(container, probe), "httpGet");
            Assert.Contains($"\"{Text(get, "path")}\"", defaults, StringComparison.Ordinal);
            Assert.Equal("http", Text(get, "port"));
        }

        var variables = Variables(container);
        var port = (YamlMappingNode)((YamlSequenceNode)Get(container, "ports")!)[0];
        Assert.Equal("http", Text(port, "name"));
        Assert.Equal(Text(port, "containerPort"), new Uri(variables.GetValueOrDefault("Urls") ?? variables["Worker__HttpUrl"]).Port.ToString(CultureInfo.InvariantCulture));

        var mounts = ((YamlSequenceNode)Get(container, "volumeMounts")!).Select(mount => (Name: Text(mount, "name"), Path: Text(mount, "mountPath"))).ToArray();
        var volumes = ((YamlSequenceNode)Get(Map(template, "spec"), "volumes")!).Select(volume => Text(volume, "name"));
        Assert.Equal(volumes.Order(), mounts.Select(mount => mount.Name).Order());
        Assert.Contains("/data", mounts.Select(mount => mount.Path));
        Assert.Equal("/data", Text(Map(resources.Single(resource => Text(resource, "kind") == "ConfigMap"), "data"), "Storage__BaseDirectory"));
        if (variables.TryGetValue("Models__Roots__0", out var models))
        {
            Assert.Contains(models, mounts.Select(mount => mount.Path));
        }
    }

    private static IEnumerable<YamlNode> Documents(string file)
    {
        var stream = new YamlStream();
        using var text = new StreamReader(Path.Combine(Repository.Root, file));
        stream.Load(text);
        Assert.NotEmpty(stream.Documents);
        return stream.Documents.Select(document => document.RootNode);
    }

    private static Dictionary<string, string> Variables(YamlMappingNode container) =>
        ((YamlSequenceNode)Get(container, "env")!).Where(entry => Get(entry, "value") is not null).ToDictionary(entry => Text(entry, "name"), entry => Text(entry, "value"));

    /// <summary>A service's variables, those of the shared blocks included.</summary>
    private static Dictionary<string, string> Environment(YamlNode service) => Children(Get(service, "environment")!).ToDictionary(pair => pair.Name, pair => ((YamlScalarNode)pair.Node).Value ?? "");

    private static IEnumerable<(string Name, YamlNode Node)> Children(YamlNode node) => ((YamlMappingNode)node).Children
        .SelectMany(pair => ((YamlScalarNode)pair.Key).Value == "<<" ? Children(pair.Value) : [(((YamlScalarNode)pair.Key).Value!, pair.Value)]);

    private static YamlNode? Get(YamlNode node, string key) => Children(node).LastOrDefault(pair => pair.Name == key).Node;

    private static YamlNode Map(YamlNode node, string key) => Get(node, key) ?? throw new Xunit.Sdk.XunitException($"There is no '{key}' in {node}.");

    private static string Text(YamlNode node, string key) => ((YamlScalarNode)Map(node, key)).Value!;

    [GeneratedRegex(@"dotnet publish (\S+\.csproj)")]
    private static partial Regex Published();

    [GeneratedRegex(@"^[A-Z][A-Za-z]+__[A-Za-z0-9_]+$")]
    private static partial Regex Key();

    [GeneratedRegex(@"\$\{([A-Z_]+)[:}]")]
    private static partial Regex Variable();
}
