using System.Globalization;
using System.Text.Json;
using Orchestrator.Api.Jobs;
using Orchestrator.Cli.Client;
using Spectre.Console;

namespace Orchestrator.Cli.Commands;

/// <summary>Shows a job's events: a bar per phase on a terminal, a line per change in a pipe.</summary>
internal sealed class JobProgress(Streams streams)
{
    /// <summary>Follows the job until it has ended.</summary>
    public Task FollowAsync(OrchestratorClient client, string id, CancellationToken cancellationToken) => streams.IsTerminal
        ? AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn())
            .StartAsync(context => DrawAsync(context, client, id, cancellationToken))
        : WriteLinesAsync(client, id, cancellationToken);

    private static async Task DrawAsync(ProgressContext context, OrchestratorClient client, string id, CancellationToken cancellationToken)
    {
        var bars = new Dictionary<string, ProgressTask>();
        await foreach (var e in client.EventsAsync(id, 0, cancellationToken))
        {
            if (PhaseOf(e) is not { Name: { } phase } counts)
            {
                continue;
            }

            if (!bars.TryGetValue(phase, out var bar))
            {
                bars[phase] = bar = context.AddTask(phase, maxValue: Math.Max(1, counts.Total));
            }

            bar.MaxValue = Math.Max(1, counts.Total);
            bar.Value = e.Type == "phase.finished" ? bar.MaxValue : counts.Done;
            bar.Description = counts.Lost == 0 ? phase : $"{phase} [red]({counts.Lost} failed)[/]";
        }
    }

    private async Task WriteLinesAsync(OrchestratorClient client, string id, CancellationToken cancellationToken)
    {
        await foreach (var e in client.EventsAsync(id, 0, cancellationToken))
        {
            var data = e.Data;
            var line = e.Type switch
            {
                "job.state" => $"{id} {Text(data, "state")}{(Text(data, "error") is { Length: > 0 } error ? $": {error}" : "")}",
                "progress" or "phase.started" or "phase.finished" when PhaseOf(e) is { } p =>
                    $"{p.Name} {(e.Type == "phase.started" ? "started" : e.Type == "phase.finished" ? "finished" : "running")}{(p.Total == 0 ? "" : $" {p.Done}/{p.Total}")}{(p.Lost == 0 ? "" : $" ({p.Lost} failed)")}",
                // Handed back unworked, by a worker that had taken it in advance: the job's events have it, a reader need not.
                "shard.requeued" when Text(data, "reason") == "released" => null,
                "shard.failed" or "shard.quarantined" or "shard.requeued" =>
                    $"{e.Type} {Text(data, "phase")}-{Text(data, "shard")} attempt {Text(data, "attempt")}: {Text(data, "reason")} {Text(data, "error")}",
                _ => $"{e.Type} {data.GetRawText()}",
            };
            if (line is not null)
            {
                await streams.Error.WriteLineAsync(line);
            }
        }
    }

    private static Phase? PhaseOf(EventView e) => e.Type switch
    {
        "progress" or "phase.finished" => new(Text(e.Data, "phase"), Number(e.Data, "committed") + Lost(e.Data), Number(e.Data, "total"), Lost(e.Data)),
        "phase.started" => new(Text(e.Data, "phase"), 0, Number(e.Data, "shards"), 0),
        _ => null,
    };

    private static int Lost(JsonElement data) => Number(data, "failed") + Number(data, "quarantined");

    private static int Number(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : 0;

    private static string Text(JsonElement data, string name) => data.TryGetProperty(name, out var value)
        ? value.ValueKind == JsonValueKind.String ? value.GetString()! : Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""
        : "";

    private sealed record Phase(string Name, int Done, int Total, int Lost);
}
