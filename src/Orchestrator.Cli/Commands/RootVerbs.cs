using System.CommandLine;
using Orchestrator.Cli.Client;

namespace Orchestrator.Cli.Commands;

/// <summary>Options that every verb has.</summary>
/// <param name="Server">Base address.</param>
/// <param name="ApiKey">API key.</param>
/// <param name="Json">Results as JSON.</param>
public sealed record GlobalOptions(Option<string> Server, Option<string?> ApiKey, Option<bool> Json)
{
    /// <summary>A client for the server that the command line names.</summary>
    public OrchestratorClient Connect(ParseResult parsed)
    {
        var text = parsed.GetValue(Server)!;
        return Uri.TryCreate(text, UriKind.Absolute, out var server) && server.Scheme is "http" or "https"
            ? new OrchestratorClient(server, parsed.GetValue(ApiKey))
            : throw new CliException(ExitCodes.Usage, $"--server '{text}' is not an http or https address.");
    }
}

/// <summary>The command line: the list of its verbs.</summary>
public static class RootVerbs
{
    private const string DefaultServer = "http://127.0.0.1:8080";

    /// <summary>Builds it.</summary>
    public static RootCommand Create(Streams streams)
    {
        var globals = new GlobalOptions(
            new Option<string>("--server")
            {
                Description = $"Address of the server. Default: ORCHESTRATOR_SERVER, or {DefaultServer}.",
                DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ORCHESTRATOR_SERVER") is { Length: > 0 } server ? server : DefaultServer,
                Recursive = true,
            },
            new Option<string?>("--api-key")
            {
                Description = "API key. Default: ORCHESTRATOR_API_KEY.",
                DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ORCHESTRATOR_API_KEY") is { Length: > 0 } key ? key : null,
                Recursive = true,
            },
            new Option<bool>("--json") { Description = "Print results as JSON.", Recursive = true });
        var root = new RootCommand("Curates image-text data on a cluster of workers.");
        root.Options.Add(globals.Server);
        root.Options.Add(globals.ApiKey);
        root.Options.Add(globals.Json);
        root.Subcommands.Add(DemoVerb.Create(globals, streams));
        root.Subcommands.Add(DevVerb.Create(streams));
        root.Subcommands.Add(SubmitVerb.Create(globals, streams));
        root.Subcommands.Add(PlanVerb.Create(globals, streams));
        root.Subcommands.Add(ListVerb.Create(globals, streams));
        root.Subcommands.Add(ShowVerb.Create(globals, streams));
        root.Subcommands.Add(WatchVerb.Create(globals, streams));
        root.Subcommands.Add(ResultVerb.Create(globals, streams));
        foreach (var (verb, summary) in JobCommandVerb.All)
        {
            root.Subcommands.Add(JobCommandVerb.Create(verb, summary, globals, streams));
        }

        root.Subcommands.Add(WorkersVerb.Create(globals, streams));
        root.Subcommands.Add(ModelsVerb.Create(globals, streams));
        root.Subcommands.Add(ReportVerb.Create(globals, streams));
        root.Subcommands.Add(KeyVerb.Create(globals, streams));
        return root;
    }

    /// <summary>Runs a verb: mistakes become one line on standard error and an exit code.</summary>
    public static void Run(this Command command, Streams streams, Func<ParseResult, CancellationToken, Task<int>> action) =>
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                return await action(parsed, cancellationToken);
            }
            catch (CliException e)
            {
                await streams.Error.WriteLineAsync($"orchestrator {command.Name}: {e.Message}");
                return e.ExitCode;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return ExitCodes.Interrupted;
            }
        });
}
