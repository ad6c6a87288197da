using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Contracts.Placement;
using Orchestrator.ServiceDefaults;

namespace Orchestrator.Api.Tests.Testing;

/// <summary>A real server on a free loopback port, with an embedded silo and SQLite in a folder of its own that goes with it.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    private readonly Dictionary<string, string?> settings;
    private readonly Action<IServiceCollection>? configure;
    private readonly string url;
    private WebApplication? app;

    public ApiServer()
        : this([])
    {
    }

    internal ApiServer(Dictionary<string, string?> settings, Action<IServiceCollection>? configure = null, string url = "http://127.0.0.1:0")
    {
        this.settings = settings;
        this.configure = configure;
        this.url = url;
        Folder = Directory.CreateTempSubdirectory("orchestrator-api-").FullName;
        Base = Directory.CreateDirectory(Path.Combine(Folder, "base")).FullName;
        Client = new HttpClient();
    }

    /// <summary>Holds everything that the test writes.</summary>
    public string Folder { get; }

    /// <summary>The server's base directory and only allowed root, below <see cref="Folder"/>.</summary>
    public string Base { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => app!.Services;

    public Uri Address => Client.BaseAddress!;

    public ValueTask InitializeAsync() => InitializeAsync(CancellationToken.None);

    /// <summary>Starts it; a server that waits for its database stops waiting when the token says so.</summary>
    public async ValueTask InitializeAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Storage:BaseDirectory"] = Base,
            ["Store:Path"] = Path.Combine(Folder, "store.db"),
        });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.AddServiceDefaults();
        builder.UseOrchestratorCluster(SiloRole.Control, OrchestratorApiExtensions.AddControlSilo);
        builder.AddOrchestratorApi();
        configure?.Invoke(builder.Services);
        app = builder.Build();
        app.MapOrchestratorApi();
        await app.StartAsync(cancellationToken);
        Client.BaseAddress = new Uri(app.Urls.First());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (app is not null)
        {
            await app.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
