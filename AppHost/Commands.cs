using System.Text;
using System.Text.Json.Nodes;
using Aspire.Hosting.ApplicationModel;

namespace Orchestrator.AppHost;

/// <summary>Buttons of the Aspire dashboard.</summary>
internal static class Commands
{
    /// <summary>
    /// On the Api: submits the demo job, each time with a folder of its own. The pool it reads is drawn once with
    /// <c>dotnet run --project samples/PoolTool -- pool --out out/aspire/pool</c>; without it the answer says which files are missing.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithSubmitDemoCommand(this IResourceBuilder<ProjectResource> api, HostSettings settings) =>
        api.WithCommand("submit-demo", "Submit demo job", async context =>
        {
            var document = JsonNode.Parse(await File.ReadAllTextAsync(settings.Demo, context.CancellationToken))!;
            document["output"]!["path"] = $"out/aspire/run-{Guid.NewGuid():N}";
            return await PostAsync(api, "/api/v1/jobs", document.ToJsonString(), context.CancellationToken);
        },
        new CommandOptions { IconName = "Play", IsHighlighted = true, Description = "Curates the sample pool in out/aspire/pool." });

    /// <summary>On each worker replica: it takes no more shards, finishes what it has, and leaves.</summary>
    public static IResourceBuilder<ProjectResource> WithDrainCommand(
        this IResourceBuilder<ProjectResource> worker, IResourceBuilder<ProjectResource> api) => worker.WithCommand(
            "drain",
            "Drain",
            context => PostAsync(api, $"/api/v1/workers/{Uri.EscapeDataString(context.ResourceName)}/drain", "", context.CancellationToken),
            new CommandOptions { IconName = "ArrowExit", ConfirmationMessage = "The worker finishes its shards and ends. Go on?" });

    private static async Task<ExecuteCommandResult> PostAsync(
        IResourceBuilder<ProjectResource> api, string path, string json, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri(api.GetEndpoint("http").Url) };
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(path, content, cancellationToken);
        return response.IsSuccessStatusCode
            ? CommandResults.Success()
            : CommandResults.Failure($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
    }
}
