using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Orchestrator.Api.Jobs;
using Orchestrator.Cli.Client;
using Orchestrator.Cli.Documents;
using Orchestrator.Cli.Hosting;
using Orchestrator.Data.Scores;
using Orchestrator.Samples.PoolGenerator;
using Orchestrator.Samples.PoolGenerator.Shards;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Cli.Commands;

/// <summary>
/// <c>demo</c>: draws the sample pool, starts an embedded cluster, submits a curation job through its own REST API, shows
/// its progress, and judges the result by the generator's truth, which the product itself never reads.
/// </summary>
internal static class DemoVerb
{
    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var folder = new Option<string>("--out") { Description = "Folder for the pool and the results.", DefaultValueFactory = _ => Path.Combine("out", "demo") };
        var command = new Command("demo", "Set up a sample pool and run a curation job on it, start to end.") { folder };
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

        var document = DocumentFile.Read(Path.Combine(SampleFolder.Documents(), "curation-demo.yaml"), []);
        DocumentFile.Set(document, $"output.path={FreshRun(folder)}");
        var job = await client.SubmitAsync(document, cancellationToken);
        streams.Error.WriteLine($"Submitted {job.Id}.");
        var code = await SubmitVerb.CancelOnInterruptAsync(client, job.Id, json, streams, cancellationToken);
        if (code == ExitCodes.Done)
        {
            var result = await client.ResultAsync(job.Id, cancellationToken);
            Judge(streams, result, pool.TruthPath);
            streams.Out.WriteLine($"report: {Path.Combine(result.Output!, "report", "index.html")}");
            streams.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"demo finished in {clock.Elapsed.TotalSeconds:F1} s"));
            code = result.Counts.Balanced ? code : ExitCodes.JobFailed;
        }

        await app.StopAsync(CancellationToken.None);
        return code;
    }

    private static string FreshRun(string folder)
    {
        for (var run = 1; ; run++)
        {
            var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"run-{run:D3}"));
            if (!Directory.Exists(path))
            {
                return path;
            }
        }
    }

    private static void Judge(Streams streams, JobResult result, string truthPath)
    {
        var kept = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in Directory.EnumerateFiles(Path.Combine(result.Output!, "scores"), "part-*.parquet"))
        {
            using var reader = ScorePartReader.Open(part).Value;
            kept.UnionWith(reader.ReadRows().Where(r => r.State == SampleStates.Kept).Select(r => r.Key));
        }

        var verdict = SelectionVerdict.Of(TruthLine.Read(truthPath), kept);
        streams.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"judged by the generator's truth: precision {verdict.Precision:F3} ({verdict.KeptUsable:N0} of {verdict.Kept:N0} kept samples have a true caption and a usable image), "
            + $"recall {verdict.Recall:F3} ({verdict.KeptUsable:N0} of {verdict.Usable:N0} such samples kept)"));
    }
}
