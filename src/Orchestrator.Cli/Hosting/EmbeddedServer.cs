using Orchestrator.Api;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Contracts.Placement;
using Orchestrator.ServiceDefaults;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Evaluation;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Cli.Hosting;

/// <summary>Api and Worker in this process: one silo with both roles, rows in one SQLite file, loopback only.</summary>
public static class EmbeddedServer
{
    /// <summary>Builds the server.</summary>
    /// <param name="settings">Configuration that goes before files and environment, and what the user gives after them.</param>
    /// <param name="quiet">True to keep information messages off the terminal.</param>
    public static WebApplication Build(IReadOnlyDictionary<string, string?> settings, bool quiet)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(settings);
        if (quiet)
        {
            builder.Logging.ClearProviders();
            builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

            // After the rules of configuration files: a server in somebody's terminal speaks only when it is in trouble, and
            // Orleans reports the ordinary end of its only silo as an error.
            builder.Services.PostConfigure<LoggerFilterOptions>(filters =>
            {
                filters.Rules.Clear();
                filters.MinLevel = LogLevel.Error;
                filters.Rules.Add(new LoggerFilterRule(null, "Orleans", LogLevel.Critical, null));
            });
        }

        // The command line hears Ctrl-C and decides what stops first; a host that heard it too would pull the server away from a job that is being cancelled.
        builder.Services.AddSingleton<IHostLifetime, OwnersLifetime>();
        builder.AddServiceDefaults();
        builder.UseOrchestratorCluster(SiloRole.ControlAndWorker, OrchestratorApiExtensions.AddControlSilo);
        builder.AddOrchestratorApi();
        builder.Services.AddCuration();
        builder.Services.AddEvaluation();

        // A drained demo or dev server stays up: its API is what the user talks to.
        builder.AddOrchestratorWorker(worker => worker.StopHostWhenDrained = false);
        var app = builder.Build();
        app.MapOrchestratorApi();
        return app;
    }

    /// <summary>Where a started server listens.</summary>
    public static Uri AddressOf(WebApplication app) => new(app.Urls.First());

    /// <summary>Starts at once and ends when its owner stops it.</summary>
    private sealed class OwnersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
