using Aspire.Hosting.ApplicationModel;

namespace Orchestrator.AppHost;

/// <summary>What the command line and the settings of AppHost choose.</summary>
/// <param name="Replicas"><c>Worker:Replicas</c>: worker processes, at least 1. Default 2.</param>
/// <param name="Device"><c>Worker:Device</c>: <c>cpu</c> (default) or <c>cuda:N</c>, which needs a build with <c>-p:OrtFlavor=cuda</c>.</param>
/// <param name="Root"><c>Storage:BaseDirectory</c>: jobs name files below this folder. Default: the repository.</param>
/// <param name="Models"><c>Models:Root</c>: folder of the models. Default: the samples.</param>
/// <param name="Demo">Folder of the job that the command submits.</param>
internal sealed record HostSettings(int Replicas, string Device, string Root, string Models, string Demo)
{
    public static HostSettings Read(IDistributedApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var repository = Path.Combine(builder.AppHostDirectory, "..");
        return new HostSettings(
            int.TryParse(configuration["Worker:Replicas"], out var asked) && asked > 0 ? asked : 2,
            configuration["Worker:Device"] ?? "cpu",
            Path.GetFullPath(configuration["Storage:BaseDirectory"] ?? repository),
            Path.GetFullPath(configuration["Models:Root"] ?? Path.Combine(repository, "samples", "models")),
            Path.Combine(builder.AppHostDirectory, "demo-job.json"));
    }
}

/// <summary>Settings of the processes, as environment variables.</summary>
internal static class ProcessSettings
{
    /// <summary>What both executables need. In containers the folders are mounted, and silos find each other by the container's address.</summary>
    public static IResourceBuilder<ProjectResource> WithClusterSettings(this IResourceBuilder<ProjectResource> project, HostSettings settings)
    {
        var publishing = project.ApplicationBuilder.ExecutionContext.IsPublishMode;
        project.WithEnvironment("Cluster__Provider", "postgres")
            .WithEnvironment("Storage__BaseDirectory", publishing ? Publishing.DataFolder : settings.Root);
        return publishing ? project.WithEnvironment("Cluster__AdvertisedAddress", "auto") : project;
    }

    /// <summary>What workers need beyond that.</summary>
    public static IResourceBuilder<ProjectResource> WithWorkerSettings(this IResourceBuilder<ProjectResource> project, HostSettings settings)
    {
        var publishing = project.ApplicationBuilder.ExecutionContext.IsPublishMode;
        project.WithEnvironment("Models__Roots__0", publishing ? Publishing.ModelsFolder : settings.Models)
            .WithEnvironment("Worker__Devices__0", settings.Device);
        if (settings.Device.StartsWith("cuda:", StringComparison.Ordinal))
        {
            project.WithEnvironment("Inference__Providers__0", "cuda")
                .WithEnvironment("Inference__Providers__1", "cpu")
                .WithEnvironment("Inference__CudaDevice", settings.Device["cuda:".Length..]);
        }

        // The template is filled in for each replica: the worker is then called what the dashboard calls it.
        return publishing ? project : project.WithEnvironment("Worker__Id", "worker-{{- index .Annotations \"otel-service-instance-id\" -}}");
    }
}
