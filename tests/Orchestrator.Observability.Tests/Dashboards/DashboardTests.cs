using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orchestrator.Observability.Tests.Prometheus;

namespace Orchestrator.Observability.Tests;

/// <summary>What can be said of the dashboards and rules without a cluster.</summary>
public sealed partial class DashboardTests
{
    private static readonly string[] BuiltIn = ["__rate_interval", "__range", "__all"];

    public static TheoryData<string> Names => [.. DashboardFiles.Dashboards.Keys];

    [Fact]
    public void Dashboards_AreTheFour() => Assert.Equal(
        ["orchestrator-cluster", "orchestrator-curation", "orchestrator-evaluation", "orchestrator-runtime"], DashboardFiles.Dashboards.Keys.Order());

    [Theory, MemberData(nameof(Names))]
    public void Dashboard_HasItsFileNameAsUidAndNoIdTwice(string name)
    {
        var dashboard = DashboardFiles.Dashboards[name];
        Assert.Equal(name, (string?)dashboard["uid"]);
        var ids = dashboard["panels"]!.AsArray().Select(p => (int)p!["id"]!).ToArray();
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(DashboardFiles.Panels(dashboard), p => Assert.Equal(
            p["targets"]!.AsArray().Count, p["targets"]!.AsArray().Select(t => (string)t!["refId"]!).Distinct().Count()));
    }

    [Theory, MemberData(nameof(Names))]
    public void Panels_HaveUnitDescriptionAndLegend(string name) => Assert.All(DashboardFiles.Panels(DashboardFiles.Dashboards[name]), panel =>
    {
        var title = (string)panel["title"]!;
        Assert.False(string.IsNullOrWhiteSpace((string?)panel["fieldConfig"]!["defaults"]!["unit"]), title);
        Assert.True(((string?)panel["description"])?.Length > 20, title);
        Assert.All(panel["targets"]!.AsArray(), t => Assert.False(string.IsNullOrWhiteSpace((string?)t!["legendFormat"]), title));
        var legend = panel["options"]!["legend"];
        Assert.True((string)panel["type"]! is "stat" or "bargauge" || (bool?)legend!["showLegend"] == true || (bool?)legend["show"] == true, title);
    });

    [Theory, MemberData(nameof(Names))]
    public void Panels_DoNotOverlap(string name)
    {
        var cells = new HashSet<(int, int)>();
        foreach (var panel in DashboardFiles.Dashboards[name]["panels"]!.AsArray())
        {
            var at = panel!["gridPos"]!;
            var (x, y, w, h) = ((int)at["x"]!, (int)at["y"]!, (int)at["w"]!, (int)at["h"]!);
            Assert.True(x + w <= 24, (string?)panel["title"]);
            Assert.All(from i in Enumerable.Range(x, w) from j in Enumerable.Range(y, h) select (i, j), cell => Assert.True(cells.Add(cell), (string?)panel["title"]));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Variables_AreAllDefinedAndAllUsed(string name)
    {
        var dashboard = DashboardFiles.Dashboards[name];
        var defined = DashboardFiles.Variables(dashboard).Select(v => (string)v["name"]!).ToHashSet();
        var used = new HashSet<string>();
        foreach (var text in Strings(dashboard))
        {
            used.UnionWith(Variable().Matches(text).Select(m => m.Groups["name"].Value));
        }

        used.ExceptWith(BuiltIn);
        Assert.Equal(defined.Order(), used.Order());
    }

    [Fact]
    public async Task Promtool_AcceptsConfigurationAndRules()
    {
        await Tool.PromtoolAsync("check", "config", Path.Combine(DashboardFiles.Prometheus, "prometheus.yml"));
        await Tool.PromtoolAsync(["check", "rules", .. Directory.GetFiles(Path.Combine(DashboardFiles.Prometheus, "rules"))]);
    }

    [Fact]
    public async Task Promtool_RuleCasesHold() =>
        await Tool.PromtoolAsync("test", "rules", Path.Combine(DashboardFiles.Prometheus, "tests", "alerts.yml"));

    [Fact]
    public void Alerts_HaveARunbookThatExistsAndACase()
    {
        var cases = File.ReadAllText(Path.Combine(DashboardFiles.Prometheus, "tests", "alerts.yml"));
        var headings = File.ReadLines(Path.Combine(DashboardFiles.Root, "..", "docs", "observability.md"))
            .Where(l => l.StartsWith('#')).Select(l => l.TrimStart('#').Trim().ToLowerInvariant().Replace(' ', '-')).ToHashSet();
        Assert.All(DashboardFiles.Rules("alert"), alert =>
        {
            var runbook = DashboardFiles.Text(alert.Rule["annotations"], "runbook");
            var match = Runbook().Match(runbook);
            Assert.True(match.Success && headings.Contains(match.Groups["anchor"].Value), $"{alert.Name}: {runbook}");
            Assert.Matches($@"alertname: {alert.Name}\s+exp_alerts:\s*\n\s+- ", cases);
            Assert.Matches($@"alertname: {alert.Name}\s+exp_alerts: \[\]", cases);
        });
    }

    private static IEnumerable<string> Strings(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(p => Strings(p.Value)),
        JsonArray a => a.SelectMany(Strings),
        JsonValue v when v.TryGetValue<string>(out var text) => [text],
        _ => [],
    };

    [GeneratedRegex(@"\$\{?(?<name>[A-Za-z_]+)\}?")]
    private static partial Regex Variable();

    [GeneratedRegex("^docs/observability\\.md#(?<anchor>[a-z-]+): .{20,}$")]
    private static partial Regex Runbook();
}
