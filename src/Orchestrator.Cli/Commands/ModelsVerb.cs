using System.CommandLine;
using System.Globalization;
using Orchestrator.Cli.Hosting;
using Orchestrator.Inference;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Cli.Commands;

/// <summary><c>models verify [DIR]</c>: loads every model of a folder in each precision and runs its golden vectors. Needs no server.</summary>
internal static class ModelsVerb
{
    private const double LargestFp32 = 1e-4;
    private const double LargestFp16 = 1e-2;

    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var folder = new Argument<string?>("DIR") { Description = "Folder of model folders. Default: samples/models.", Arity = ArgumentArity.ZeroOrOne };
        var verify = new Command("verify", "Load each model and compare it with its golden vectors.") { folder };
        verify.Run(streams, (parsed, _) => Task.FromResult(Verify(parsed.GetValue(folder) ?? SampleFolder.Models(), parsed.GetValue(globals.Json), streams)));
        return new Command("models", "Look after model folders.") { verify };
    }

    private static int Verify(string folder, bool json, Streams streams)
    {
        var catalog = new ModelCatalog([folder]);
        var names = catalog.Names();
        if (names.Count == 0)
        {
            throw new CliException(ExitCodes.Usage, $"'{folder}' holds no model folder: one has a config.json or an orchestrator.json.");
        }

        var outcomes = names.SelectMany(n => new[] { InferencePrecision.Fp32, InferencePrecision.Fp16 }.Select(p => Run(catalog, n, p))).ToList();
        if (json)
        {
            JobVerbs.PrintJson(streams, outcomes);
        }
        else
        {
            Tables.Print(streams, ["model", "kind", "precision", "#vectors", "#largest deviation", "verdict"], outcomes.Select(o => new[]
            {
                o.Model, o.Kind, o.Precision, $"{o.Vectors}", o.Deviation?.ToString("0.0e+0", CultureInfo.InvariantCulture) ?? "-", o.Verdict,
            }));
        }

        return outcomes.All(o => o.Verdict == "ok") ? ExitCodes.Done : ExitCodes.JobFailed;
    }

    private static Outcome Run(ModelCatalog catalog, string name, InferencePrecision precision)
    {
        var spelled = precision == InferencePrecision.Fp16 ? "fp16" : "fp32";
        try
        {
            var report = ModelVerifier.Verify(catalog.Get(name), new InferenceOptions { Precision = precision });
            var limit = precision == InferencePrecision.Fp16 ? LargestFp16 : LargestFp32;
            var verdict = report.Rows.Count == 0 ? "no golden vectors" : report.LargestDeviation <= limit ? "ok" : $"deviates by more than {limit:0e+0}";
            return new Outcome(name, report.Kind, spelled, report.Rows.Count, report.LargestDeviation, verdict);
        }
        catch (ModelContractException e)
        {
            return new Outcome(name, "", spelled, 0, null, e.Message);
        }
    }

    private sealed record Outcome(string Model, string Kind, string Precision, int Vectors, double? Deviation, string Verdict);
}
