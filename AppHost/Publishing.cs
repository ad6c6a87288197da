using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Docker.Resources.ServiceNodes;
using Aspire.Hosting.Docker.Resources.ServiceNodes.Swarm;

namespace Orchestrator.AppHost;

/// <summary>What only the compose file has: replicas, folders of the host, and the key that a server beyond loopback asks for.</summary>
internal static class Publishing
{
    /// <summary>Where containers see the host's <c>ORCHESTRATOR_DATA</c>: pools and outputs.</summary>
    public const string DataFolder = "/data";

    /// <summary>Where containers see the host's <c>ORCHESTRATOR_MODELS</c>.</summary>
    public const string ModelsFolder = "/models";

    /// <summary>Adds the compose environment when publishing; while running it would be an empty resource.</summary>
    public static void AddCompose(IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            builder.AddDockerComposeEnvironment("compose");
        }
    }

    /// <summary>The Api refuses to listen beyond loopback without a key.</summary>
    public static IResourceBuilder<ProjectResource> PublishWithKey(this IResourceBuilder<ProjectResource> api, IDistributedApplicationBuilder builder)
    {
        if (!builder.ExecutionContext.IsPublishMode)
        {
            return api;
        }

        return api.WithEnvironment("Auth__Keys__0__Key", builder.AddParameter("api-key", secret: true))
            .WithEnvironment("Auth__Keys__0__Name", "operator")
            .WithEnvironment("Auth__Keys__0__Roles__0", "operator")
            .PublishAsDockerComposeService((_, service) => service.AddVolume(Folder("ORCHESTRATOR_DATA", DataFolder)));
    }

    /// <summary><c>WithReplicas</c> is not carried over to compose files.</summary>
    public static IResourceBuilder<ProjectResource> PublishWithReplicas(this IResourceBuilder<ProjectResource> worker, HostSettings settings)
    {
        if (!worker.ApplicationBuilder.ExecutionContext.IsPublishMode)
        {
            return worker;
        }

        return worker.PublishAsDockerComposeService((_, service) =>
        {
            service.Deploy = new Deploy { Replicas = settings.Replicas };
            service.AddVolume(Folder("ORCHESTRATOR_DATA", DataFolder));
            service.AddVolume(Folder("ORCHESTRATOR_MODELS", ModelsFolder));
        });
    }

    private static Volume Folder(string variable, string target) =>
        new() { Name = target.Trim('/'), Type = "bind", Source = $"${{{variable}}}", Target = target };
}
