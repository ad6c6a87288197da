using System.Text.Json.Nodes;
using Orchestrator.Cluster.Tests;
using YamlDotNet.RepresentationModel;

namespace Orchestrator.Observability.Tests;

/// <summary>What <c>dashboards/</c> holds.</summary>
internal static class DashboardFiles
{
    public static string Root => Path.Combine(RealCluster.RepositoryRoot(), "dashboards");

    public static string Prometheus => Path.Combine(Root, "prometheus");

    /// <summary>Names and contents of the dashboards.</summary>
    public static IReadOnlyDictionary<string, JsonObject> Dashboards { get; } =
        Directory.EnumerateFiles(Path.Combine(Root, "grafana", "dashboards"), "*.json")
            .ToDictionary(f => Path.GetFileNameWithoutExtension(f), f => JsonNode.Parse(File.ReadAllText(f))!.AsObject());

    /// <summary>Panels of a dashboard, rows left out.</summary>
    public static IEnumerable<JsonObject> Panels(JsonObject dashboard) =>
        dashboard["panels"]!.AsArray().Select(p => p!.AsObject()).Where(p => (string?)p["type"] != "row");

    /// <summary>Every expression of every panel and of every variable, ready for Prometheus.</summary>
    public static IEnumerable<(string Where, string Expression)> Expressions()
    {
        foreach (var (name, dashboard) in Dashboards)
        {
            foreach (var panel in Panels(dashboard))
            {
                foreach (var target in panel["targets"]!.AsArray())
                {
                    yield return ($"{name}: {(string?)panel["title"]} {(string?)target!["refId"]}", Substitute((string)target["expr"]!));
                }
            }

            foreach (var variable in Variables(dashboard).Where(v => (string?)v["type"] == "query"))
            {
                // label_values(metric, label)
                var parts = ((string)variable["query"]!["query"]!).Split(['(', ',', ')'], StringSplitOptions.TrimEntries);
                yield return ($"{name}: ${(string?)variable["name"]}", $"count by ({parts[2]}) ({parts[1]})");
            }
        }
    }

    public static IEnumerable<JsonObject> Variables(JsonObject dashboard) =>
        dashboard["templating"]!["list"]!.AsArray().Select(v => v!.AsObject());

    /// <summary>Rules of one kind, <c>alert</c> or <c>record</c>: name and node.</summary>
    public static IEnumerable<(string Name, YamlMappingNode Rule)> Rules(string kind)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Prometheus, "rules"), "*.yml"))
        {
            var yaml = new YamlStream();
            using var reader = File.OpenText(file);
            yaml.Load(reader);
            foreach (var group in (YamlSequenceNode)yaml.Documents[0].RootNode["groups"])
            {
                foreach (var rule in ((YamlSequenceNode)group["rules"]).Cast<YamlMappingNode>().Where(r => r.Children.ContainsKey(kind)))
                {
                    yield return (Text(rule, kind), rule);
                }
            }
        }
    }

    public static string Text(YamlNode node, string key) => ((YamlScalarNode)node[key]).Value!;

    private static string Substitute(string expression) => expression
        .Replace("$__rate_interval", "10s", StringComparison.Ordinal)
        .Replace("$__range", "60s", StringComparison.Ordinal)
        .Replace("$instance", ".*", StringComparison.Ordinal)
        .Replace("$stage", ".*", StringComparison.Ordinal)
        .Replace("$method", ".*", StringComparison.Ordinal);
}
