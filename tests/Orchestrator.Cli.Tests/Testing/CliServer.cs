using System.Text.Json;
using Orchestrator.Cli.Hosting;
using Orchestrator.Samples.PoolGenerator;
using Microsoft.AspNetCore.Builder;

namespace Orchestrator.Cli.Tests.Testing;

/// <summary>What one run of the program left behind.</summary>
internal sealed record Ran(int Code, string Out, string Error)
{
    public JsonElement Json => JsonElement.Parse(Out);
}

/// <summary>The embedded server with a real worker, a pool of two small tars and one tar that is not one; all in a folder that goes with it.</summary>
public sealed class CliServer : IAsyncLifetime
{
    private static int counter;
    private WebApplication? app;

    public string Folder { get; } = Directory.CreateTempSubdirectory("orchestrator-cli-").FullName;

    public string Address => EmbeddedServer.AddressOf(app!).ToString();

    public async ValueTask InitializeAsync()
    {
        await PoolWriter.WriteAsync(Path.Combine(Folder, "pool"), new PoolOptions { Shards = 2, SamplesPerShard = 6 });
        await File.WriteAllBytesAsync(Path.Combine(Folder, "broken.tar"), Enumerable.Repeat((byte)'x', 4096).ToArray());
        app = EmbeddedServer.Build(
            new Dictionary<string, string?>
            {
                ["Urls"] = "http://127.0.0.1:0",
                ["Storage:BaseDirectory"] = Folder,
                ["Store:Path"] = "store.db",
                ["Models:Roots:0"] = Directory.CreateDirectory(Path.Combine(Folder, "models")).FullName,
                ["Worker:Id"] = "worker-a",
            },
            quiet: true);
        await app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Writes a document over the given shards and gives its path.</summary>
    public string Document(params string[] shards)
    {
        var name = $"job-{Interlocked.Increment(ref counter)}";
        var path = Path.Combine(Folder, name + ".yaml");
        File.WriteAllText(path, $$"""
            kind: curation
            name: {{name}}
            input: { shards: [{{string.Join(", ", shards.Select(s => $"\"{s}\""))}}] }
            stages: [ { type: basic-filter, minWords: 3 } ]
            output: { path: out/{{name}} }
            """);
        return path;
    }

    /// <summary>Runs the program in this process against this server.</summary>
    internal Task<Ran> RunAsync(params string[] args) => RunAsync(default, null, args);

    /// <summary>As above; <paramref name="onError"/> sees each line of standard error.</summary>
    internal async Task<Ran> RunAsync(CancellationToken interrupt, Action<string>? onError, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new WatchedWriter(onError);
        var code = await CommandLine.RunAsync([.. args, "--server", Address], new Streams(output, error, IsTerminal: false), interrupt);
        return new(code, output.ToString(), error.ToString());
    }

    private sealed class WatchedWriter(Action<string>? onLine) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            onLine?.Invoke(value ?? "");
        }

        public override Task WriteLineAsync(string? value)
        {
            WriteLine(value);
            return Task.CompletedTask;
        }
    }
}
