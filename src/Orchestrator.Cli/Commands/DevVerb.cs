using System.CommandLine;
using Orchestrator.Cli.Hosting;

namespace Orchestrator.Cli.Commands;

/// <summary><c>dev</c>: the embedded server, up until Ctrl-C.</summary>
internal static class DevVerb
{
    public static Command Create(Streams streams)
    {
        var url = new Option<string>("--url") { Description = "Address to listen on.", DefaultValueFactory = _ => "http://127.0.0.1:8080" };
        var folder = new Option<string>("--dir")
        {
            Description = "Folder that relative paths of documents start from, and the only one that jobs may touch.",
            DefaultValueFactory = _ => Directory.GetCurrentDirectory(),
        };
        var models = new Option<string[]>("--models") { Description = "Folders that hold model folders. Default: samples/models of the repository." };
        var command = new Command("dev", "Run an embedded server (API, control and one worker) until Ctrl-C.") { url, folder, models };
        command.Run(streams, async (parsed, cancellationToken) =>
        {
            var roots = parsed.GetValue(models) is { Length: > 0 } given ? given : [SampleFolder.Models()];
            var settings = new Dictionary<string, string?>
            {
                ["Urls"] = parsed.GetValue(url),
                ["Storage:BaseDirectory"] = Path.GetFullPath(parsed.GetValue(folder)!),
            };
            for (var i = 0; i < roots.Length; i++)
            {
                settings[$"Models:Roots:{i}"] = Path.GetFullPath(roots[i]);
            }

            await using var app = EmbeddedServer.Build(settings, quiet: true);
            await app.StartAsync(cancellationToken);
            var address = EmbeddedServer.AddressOf(app);
            streams.Out.WriteLine($"Pages      {new Uri(address, "/jobs")}");
            streams.Out.WriteLine($"API        {new Uri(address, "/api/v1/jobs")}");
            streams.Out.WriteLine($"Reference  {new Uri(address, "/docs")}");
            streams.Out.WriteLine($"Dashboard  {new Uri(address, "/dashboard")}");
            streams.Out.WriteLine($"Metrics    {new Uri(address, "/metrics")}");
            streams.Out.WriteLine("Ctrl-C stops; jobs go on at the next start.");
            try
            {
                await app.WaitForShutdownAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Ctrl-C is how this verb ends.
            }

            await app.StopAsync(CancellationToken.None);
            return ExitCodes.Done;
        });
        return command;
    }
}
