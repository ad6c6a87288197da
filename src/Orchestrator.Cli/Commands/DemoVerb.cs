using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Orchestrator.Api.Jobs;
using Orchestrator.Cli.Client;
using Orchestrator.Cli.Documents;
using Orchestrator.Cli.Hosting;
using Orchestrator.Samples.PoolGenerator;

namespace Orchestrator.Cli.Commands;

/// <summary>
/// <c>demo</c>: draws the sample pool, starts an embedded cluster, submits a curation job and then an evaluation of
/// speculative decoding through its own REST API, shows their progress, and judges the curation by the generator's truth, which
/// the product itself never reads.
/// </summary>
internal static class DemoVerb
{
    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var folder = new Option<string>("--out") { Description = "Folder for the pool and the results.", DefaultValueFactory = _ => Path.Combine("out", "demo") };
        var command = new Command("demo", "Set up a sample pool, run a curation job on it, then an evaluation of speculative decoding.") { folder };
        command.Run(streams, (parsed, cancellationToken) =>
            RunAsync(Path.GetFullPath(parsed.GetValue(folder)!), parsed.GetValue(globals.Json), streams, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string folder, bool json, Streams streams, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var pool = await PoolWriter.WriteAsync(Path.Combine(folder, "pool"), new PoolOptions(), cancellationToken);
        streams.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Pool: {pool.Samples:N0} generated image-text pairs in {pool.Folder} ({(pool.Reused ? "from an earlier run" : $"drawn in {clock.Elapsed.TotalSeconds:F1} s")})."));

        await using var app = EmbeddedServer.Build(
            new Dictionary<string, string?>
            {
                ["Urls"] = "http://127.0.0.1:0",
                ["Storage:BaseDirectory"] = folder,
                ["Store:Path"] = "orchestrator.db",
                ["Models:Roots:0"] = SampleFolder.Models(),
            },
            quiet: true);
        await app.StartAsync(cancellationToken);
        using var client = new OrchestratorClient(EmbeddedServer.AddressOf(app));
        streams.Error.WriteLine($"Cluster: one process, SQLite, {client.Server}.");

        var code = await CurateAsync(client, folder, pool.TruthPath, json, streams, cancellationToken);
        if (code == ExitCodes.Done)
        {
            code = await EvaluateAsync(client, folder, json, streams, cancellationToken);
            streams.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"demo finished in {clock.Elapsed.TotalSeconds:F1} s"));
        }

        await app.StopAsync(CancellationToken.None);
        return code;
    }

    private static async Task<int> CurateAsync(
        OrchestratorClient client, string folder, string truthPath, bool json, Streams streams, CancellationToken cancellationToken)
    {
        // The server reads below its own folder only.
        foreach (var sample in (string[])[SampleFolder.Words(), SampleFolder.Reference()])
        {
            var copy = Directory.CreateDirectory(Path.Combine(folder, Path.GetFileName(sample))).FullName;
            foreach (var file in Directory.GetFiles(sample))
            {
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
            }
        }

        var document = DocumentFile.Read(Path.Combine(SampleFolder.Documents(), "curation-demo.yaml"), []);
        DocumentFile.Set(document, $"output.path={FreshRun(folder, "run")}");
        var job = await client.SubmitAsync(document, cancellationToken);
        streams.Error.WriteLine($"Submitted {job.Id}.");
        var code = await SubmitVerb.CancelOnInterruptAsync(client, job.Id, json, streams, cancellationToken);
        if (code != ExitCodes.Done)
        {
            return code;
        }

        var result = await client.ResultAsync(job.Id, cancellationToken);
        DemoVerdict.Print(streams, result.Output!, truthPath);
        streams.Out.WriteLine($"report: {Path.Combine(result.Output!, "report", "index.html")}");
        return result.Counts.Balanced ? code : ExitCodes.JobFailed;
    }

    private static async Task<int> EvaluateAsync(OrchestratorClient client, string folder, bool json, Streams streams, CancellationToken cancellationToken)
    {
        // The server reads below its own folder only.
        File.Copy(Path.Combine(SampleFolder.Prompts(), "question.jsonl"), Path.Combine(folder, "question.jsonl"), overwrite: true);
        var document = DocumentFile.Read(Path.Combine(SampleFolder.Documents(), "evaluation-demo.yaml"), []);
        DocumentFile.Set(document, $"output.path={FreshRun(folder, "eval")}");
        var job = await client.SubmitAsync(document, cancellationToken);
        streams.Error.WriteLine($"Submitted {job.Id}.");
        var code = await SubmitVerb.CancelOnInterruptAsync(client, job.Id, json, streams, cancellationToken);
        var result = await client.ResultAsync(job.Id, cancellationToken);
        if (code != ExitCodes.Done || result.Evaluation is not { } evaluation)
        {
            return code == ExitCodes.Done ? ExitCodes.JobFailed : code;
        }

        streams.Out.WriteLine($"report: {Path.Combine(result.Output!, "report", "index.html")}");
        var broken = evaluation.GetProperty("cells").EnumerateArray().Count(cell => cell.GetProperty("losslessness").GetProperty("verdict").GetString() == "BROKEN");
        if (broken > 0)
        {
            streams.Error.WriteLine($"{broken} cells change the target's output although they claim not to.");
            return ExitCodes.JobFailed;
        }

        return code;
    }

    private static string FreshRun(string folder, string name)
    {
        for (var run = 1; ; run++)
        {
            var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{run:D3}"));
            if (!Directory.Exists(path))
            {
                return path;
            }
        }
    }
}
