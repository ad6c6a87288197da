using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Api.Http;
using Orchestrator.Cli.Client;
using Orchestrator.Cli.Documents;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Cli.Commands;

/// <summary>What the verbs about jobs share.</summary>
internal static class JobVerbs
{
    public static Argument<string> Id() => new("ID") { Description = "Id of the job." };

    public static Argument<string> File() => new("FILE") { Description = "Job document, YAML or JSON." };

    public static Option<string[]> Set() => new("--set") { Description = "Set a field before sending, for example --set output.path=out/x.", AllowMultipleArgumentsPerToken = false };

    /// <summary>Prints a value as JSON.</summary>
    public static void PrintJson<T>(Streams streams, T value) =>
        streams.Out.WriteLine(JsonSerializer.Serialize(value, new JsonSerializerOptions(ApiJson.Options) { WriteIndented = true }));

    /// <summary>Exit code of a job that has ended.</summary>
    public static int CodeOf(JobState state) => state switch
    {
        JobState.Succeeded => ExitCodes.Done,
        JobState.SucceededWithFailures => ExitCodes.FinishedWithFailures,
        _ => ExitCodes.JobFailed,
    };

    /// <summary>Waits for the end of a job, then prints its result.</summary>
    public static async Task<int> FinishAsync(OrchestratorClient client, string id, bool json, Streams streams, CancellationToken cancellationToken)
    {
        await new JobProgress(streams).FollowAsync(client, id, cancellationToken);
        var result = await client.ResultAsync(id, cancellationToken);
        if (json)
        {
            PrintJson(streams, result);
        }
        else
        {
            ResultTable.Print(streams, result);
        }

        return CodeOf(result.State);
    }
}

/// <summary><c>submit FILE</c>.</summary>
internal static class SubmitVerb
{
    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var file = JobVerbs.File();
        var set = JobVerbs.Set();
        var wait = new Option<bool>("--wait") { Description = "Show progress until the job has ended; Ctrl-C cancels the job." };
        var command = new Command("submit", "Submit a job document.") { file, set, wait };
        command.Run(streams, async (parsed, cancellationToken) =>
        {
            using var client = globals.Connect(parsed);
            var document = DocumentFile.Read(parsed.GetValue(file)!, parsed.GetValue(set) ?? []);
            var job = await client.SubmitAsync(document, cancellationToken);
            if (parsed.GetValue(wait))
            {
                streams.Error.WriteLine($"Submitted {job.Id}.");
                return await CancelOnInterruptAsync(client, job.Id, parsed.GetValue(globals.Json), streams, cancellationToken);
            }

            if (parsed.GetValue(globals.Json))
            {
                JobVerbs.PrintJson(streams, job);
            }
            else
            {
                streams.Out.WriteLine(job.Id);
                streams.Error.WriteLine($"Follow it with: orchestrator watch {job.Id}");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Follows a job; the first Ctrl-C cancels it and waits for its end, the second leaves at once.</summary>
    public static async Task<int> CancelOnInterruptAsync(OrchestratorClient client, string id, bool json, Streams streams, CancellationToken cancellationToken)
    {
        try
        {
            return await JobVerbs.FinishAsync(client, id, json, streams, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            streams.Error.WriteLine($"Cancelling {id} ...");
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await client.CommandAsync(id, "cancel", limit.Token);
            await new JobProgress(streams).FollowAsync(client, id, limit.Token);
            streams.Error.WriteLine($"{id} is cancelled; nothing of it is published. 'orchestrator retry {id}' takes it up again.");
            return ExitCodes.Interrupted;
        }
    }
}

/// <summary><c>plan FILE</c>.</summary>
internal static class PlanVerb
{
    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var file = JobVerbs.File();
        var set = JobVerbs.Set();
        var command = new Command("plan", "Check a job document and count its shards, or what a selection keeps; run nothing.") { file, set };
        command.Run(streams, async (parsed, cancellationToken) =>
        {
            using var client = globals.Connect(parsed);
            var plan = await client.PlanAsync(DocumentFile.Read(parsed.GetValue(file)!, parsed.GetValue(set) ?? []), cancellationToken);
            if (parsed.GetValue(globals.Json))
            {
                JobVerbs.PrintJson(streams, plan);
            }
            else
            {
                streams.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{plan.Name}: {plan.Shards} input shards, {plan.Bytes:N0} bytes"));
                streams.Out.WriteLine($"models: {(plan.Models.Count == 0 ? "none" : string.Join(", ", plan.Models))}");
                streams.Out.WriteLine($"phases: {string.Join(", ", plan.Phases)}");
                streams.Out.WriteLine($"output: {plan.Output}");
                PrintSelection(streams, plan.Selection);
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static void PrintSelection(Streams streams, SelectionPreview? selection)
    {
        if (selection is null)
        {
            return;
        }

        streams.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"keeps {selection.Kept:N0} of {selection.Candidates:N0} candidates ({selection.Samples:N0} samples)"));
        foreach (var rule in selection.Rules)
        {
            var from = rule.Threshold is { } threshold ? string.Create(CultureInfo.InvariantCulture, $", from {threshold:R} up") : "";
            streams.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {rule.Rule}: keeps {rule.Kept:N0} of {rule.Scored:N0}{from}; {rule.Alone:N0} that no other rule keeps"));
        }

        foreach (var overlap in selection.Overlaps)
        {
            streams.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {overlap.Rule} and {overlap.Other}: both keep {overlap.Both:N0}, either keeps {overlap.Either:N0}"));
        }
    }
}

/// <summary><c>list</c>.</summary>
internal static class ListVerb
{
    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var limit = new Option<int>("--limit") { Description = "Most jobs shown.", DefaultValueFactory = _ => 20 };
        var command = new Command("list", "List the newest jobs.") { limit };
        command.Run(streams, async (parsed, cancellationToken) =>
        {
            using var client = globals.Connect(parsed);
            var page = await client.ListAsync(parsed.GetValue(limit), cancellationToken);
            if (parsed.GetValue(globals.Json))
            {
                JobVerbs.PrintJson(streams, page);
                return ExitCodes.Done;
            }

            Tables.Print(streams, ["id", "kind", "name", "state", "phase", "created"], page.Items.Select(j => new[]
            {
                j.Id, j.Kind, j.Name, WireNames.Of(j.State), j.Phase, j.CreatedAt.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            }));
            return ExitCodes.Done;
        });
        return command;
    }
}

/// <summary><c>show ID</c>.</summary>
internal static class ShowVerb
{
    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var id = JobVerbs.Id();
        var command = new Command("show", "Show one job with its phases.") { id };
        command.Run(streams, async (parsed, cancellationToken) =>
        {
            using var client = globals.Connect(parsed);
            var job = await client.GetAsync(parsed.GetValue(id)!, cancellationToken);
            if (parsed.GetValue(globals.Json))
            {
                JobVerbs.PrintJson(streams, job);
                return ExitCodes.Done;
            }

            streams.Out.WriteLine($"{job.Id}  {job.Name}  {WireNames.Of(job.State)}{(job.Error is null ? "" : $": {job.Error}")}");
            streams.Out.WriteLine($"output: {job.Output}");
            Tables.Print(streams, ["phase", "#shards", "#pending", "#leased", "#committed", "#failed", "#quarantined"], job.Phases.Select(p =>
                new[] { p.Phase, Number(p.Total), Number(p.Pending), Number(p.Leased), Number(p.Committed), Number(p.Failed), Number(p.Quarantined) }));
            return ExitCodes.Done;
        });
        return command;

        static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
    }
}

/// <summary><c>watch ID</c>.</summary>
internal static class WatchVerb
{
    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var id = JobVerbs.Id();
        var command = new Command("watch", "Follow a job until it has ended; Ctrl-C leaves the job running.") { id };
        command.Run(streams, async (parsed, cancellationToken) =>
        {
            using var client = globals.Connect(parsed);
            try
            {
                return await JobVerbs.FinishAsync(client, parsed.GetValue(id)!, parsed.GetValue(globals.Json), streams, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                streams.Error.WriteLine($"The job goes on. Follow it again with: orchestrator watch {parsed.GetValue(id)}");
                return ExitCodes.Interrupted;
            }
        });
        return command;
    }
}

/// <summary><c>result ID</c>.</summary>
internal static class ResultVerb
{
    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var id = JobVerbs.Id();
        var command = new Command("result", "Show what came of a job.") { id };
        command.Run(streams, async (parsed, cancellationToken) =>
        {
            using var client = globals.Connect(parsed);
            var result = await client.ResultAsync(parsed.GetValue(id)!, cancellationToken);
            if (parsed.GetValue(globals.Json))
            {
                JobVerbs.PrintJson(streams, result);
            }
            else
            {
                ResultTable.Print(streams, result);
            }

            return result.State.IsTerminal() ? JobVerbs.CodeOf(result.State) : ExitCodes.Done;
        });
        return command;
    }
}

/// <summary><c>cancel|pause|resume|retry ID</c>.</summary>
internal static class JobCommandVerb
{
    public static IReadOnlyList<(string Verb, string Summary)> All { get; } =
    [
        ("cancel", "End a job; commits that arrive later are refused."),
        ("pause", "Lease no more shards of a job."),
        ("resume", "Lease shards of a paused job again."),
        ("retry", "Run the failed and quarantined shards of an ended job again."),
    ];

    public static Command Create(string verb, string summary, GlobalOptions globals, Streams streams)
    {
        var id = JobVerbs.Id();
        var command = new Command(verb, summary) { id };
        command.Run(streams, async (parsed, cancellationToken) =>
        {
            using var client = globals.Connect(parsed);
            var answer = await client.CommandAsync(parsed.GetValue(id)!, verb, cancellationToken);
            if (parsed.GetValue(globals.Json))
            {
                JobVerbs.PrintJson(streams, answer);
            }
            else
            {
                var job = await client.GetAsync(parsed.GetValue(id)!, cancellationToken);
                streams.Out.WriteLine($"{job.Id}  {WireNames.Of(job.State)}");
            }

            return ExitCodes.Done;
        });
        return command;
    }
}

/// <summary><c>workers</c>.</summary>
internal static class WorkersVerb
{
    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var command = new Command("workers", "List the connected workers.");
        command.Run(streams, async (parsed, cancellationToken) =>
        {
            using var client = globals.Connect(parsed);
            var workers = await client.WorkersAsync(cancellationToken);
            if (parsed.GetValue(globals.Json))
            {
                JobVerbs.PrintJson(streams, workers);
                return ExitCodes.Done;
            }

            Tables.Print(streams, ["id", "mode", "devices", "#slots", "#running", "#committed", "#failed", "models"], workers.Select(w => new[]
            {
                w.Id, WireNames.Of(w.Mode), string.Join(",", w.Devices), $"{w.Slots}", $"{w.Running}", $"{w.Committed}", $"{w.Failed}", string.Join(",", w.Models.Select(m => m.Name)),
            }));
            return ExitCodes.Done;
        });
        return command;
    }
}

/// <summary><c>report ID --out DIR</c>.</summary>
internal static class ReportVerb
{
    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var id = JobVerbs.Id();
        var folder = new Option<string>("--out") { Description = "Folder for the report.", Required = true };
        var command = new Command("report", "Copy a job's HTML report.") { id, folder };
        command.Run(streams, async (parsed, cancellationToken) =>
        {
            using var client = globals.Connect(parsed);
            var path = Path.Combine(Directory.CreateDirectory(parsed.GetValue(folder)!).FullName, "index.html");
            await using (var file = System.IO.File.Create(path))
            {
                await client.ReportAsync(parsed.GetValue(id)!, file, cancellationToken);
            }

            streams.Out.WriteLine(path);
            return ExitCodes.Done;
        });
        return command;
    }
}
