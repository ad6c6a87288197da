using System.Diagnostics;

namespace Orchestrator.Observability.Tests;

/// <summary>
/// The dashboards against Grafana's published types (<c>Schema/check.mjs</c>). Needs Node and the packages it names, found by
/// <c>GRAFANA_SCHEMA</c>, the path of their node_modules.
/// </summary>
public sealed class SchemaTests
{
    private static readonly string? Packages = Environment.GetEnvironmentVariable("GRAFANA_SCHEMA");

    [Fact]
    public async Task Dashboards_AreOfGrafanasTypes()
    {
        var (code, output) = await CheckAsync([.. DashboardFiles.Dashboards.Keys.Order(StringComparer.Ordinal).Select(name => Path.Combine(DashboardFiles.Root, "grafana", "dashboards", $"{name}.json"))]);
        Assert.True(code == 0, output);
        Assert.StartsWith($"{DashboardFiles.Dashboards.Count} dashboards, 0 findings", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_AreFound()
    {
        var dashboard = DashboardFiles.Dashboards["orchestrator-cluster"].DeepClone().AsObject();
        var panel = DashboardFiles.Panels(dashboard).First(p => (string?)p["type"] == "timeseries");
        panel["options"]!["legend"]!["placement"] = "somewhere";
        panel["fieldConfig"]!["defaults"]!["custom"]!["lineWidht"] = 3;
        dashboard["graphTooltip"] = "shared";
        var file = Path.Combine(Directory.CreateTempSubdirectory("schema-").FullName, "mistaken.json");
        try
        {
            await File.WriteAllTextAsync(file, dashboard.ToJsonString(), TestContext.Current.CancellationToken);
            var (code, output) = await CheckAsync([file]);
            Assert.Equal(1, code);
            Assert.All(["/legend/placement", "lineWidht", "/graphTooltip"], mistake => Assert.Contains(mistake, output, StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }

    private static async Task<(int Code, string Output)> CheckAsync(string[] files)
    {
        Assert.SkipWhen(
            string.IsNullOrEmpty(Packages),
            "Grafana's types are not here: npm i --ignore-scripts @grafana/schema typescript ts-json-schema-generator ajv (CI takes @grafana/schema@13 typescript@5), and set GRAFANA_SCHEMA to the path of node_modules.");
        var script = Path.Combine(DashboardFiles.Root, "..", "tests", "Orchestrator.Observability.Tests", "Dashboards", "Schema", "check.mjs");
        using var process = Process.Start(new ProcessStartInfo("node", [script, Packages!, .. files]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }
}
