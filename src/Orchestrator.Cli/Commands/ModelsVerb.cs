using System.CommandLine;
using System.Globalization;
using Orchestrator.Cli.Hosting;
using Orchestrator.Inference;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Cli.Commands;

/// <summary>
/// <c>models verify [DIR]</c>: loads every model folder at or below a folder in each precision and runs its golden vectors. Needs no
/// server. A model that is broken is reported and the others are still verified; exit 1 when any fails.
/// </summary>
internal static class ModelsVerb
{
    private const string None = "-";

    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var folder = new Argument<string?>("DIR") { Description = "A model folder, or a folder with model folders below it. Default: Models:Roots, else samples/models.", Arity = ArgumentArity.ZeroOrOne };
        var verify = new Command("verify", "Load each model and compare it with its golden vectors.") { folder };
        verify.Run(streams, (parsed, _) => Task.FromResult(Verify(parsed.GetValue(folder) is { } given ? [given] : Roots(), parsed.GetValue(globals.Json), streams)));
        return new Command("models", "Look after model folders.") { verify };
    }

    private static string[] Roots()
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true).AddEnvironmentVariables().Build();
        return configuration.GetSection("Models:Roots").Get<string[]>() is { Length: > 0 } roots ? roots : [SampleFolder.Models()];
    }

    private static int Verify(string[] roots, bool json, Streams streams)
    {
        var folders = roots.SelectMany(root => ModelCatalog.FoldersBelow(root).Select(path => (Name: Name(root, path), Path: path))).ToList();
        if (folders.Count == 0)
        {
            throw new CliException(ExitCodes.Usage, $"'{string.Join("', '", roots)}' holds no model folder: one has a config.json or an orchestrator.json.");
        }

        var outcomes = folders.SelectMany(f => Verify(f.Name, f.Path)).ToList();
        if (json)
        {
            JobVerbs.PrintJson(streams, outcomes);
        }
        else
        {
            Print(streams, outcomes);
        }

        return outcomes.All(o => o.Ok != false) ? ExitCodes.Done : ExitCodes.JobFailed;
    }

    private static string Name(string root, string path) => Path.GetRelativePath(root, path) is var name and not "." ? name.Replace('\\', '/') : Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));

    private static IEnumerable<Outcome> Verify(string name, string path)
    {
        ModelFolder folder;
        try
        {
            folder = ModelFolder.Open(path);
        }
        catch (Exception e) when (IsFault(e))
        {
            return [new Outcome(name, None, None, None, null, null, false, e.Message)];
        }

        return folder.Kind == ModelKinds.Datastore
            ? Run(name, folder, InferencePrecision.Fp32, None)
            : [.. Run(name, folder, InferencePrecision.Fp32, "fp32"), .. Run(name, folder, InferencePrecision.Fp16, "fp16")];
    }

    private static IReadOnlyList<Outcome> Run(string name, ModelFolder folder, InferencePrecision precision, string spelled)
    {
        if (precision == InferencePrecision.Fp16 && !folder.HasHalf)
        {
            return [new Outcome(name, folder.Kind, spelled, None, null, null, null, "not exported in half precision")];
        }

        try
        {
            var report = ModelVerifier.Verify(folder, new InferenceOptions { Precision = precision });
            return report.Rows.Count == 0
                ? [new Outcome(name, folder.Kind, spelled, None, null, report.Tolerance, false, "the golden file holds no case")]
                : [.. report.Runs().Select(r => new Outcome(name, folder.Kind, spelled, r.Run, double.IsFinite(r.Deviation) ? r.Deviation : null, report.Tolerance, r.Deviation <= report.Tolerance, r.Detail))];
        }
        catch (Exception e) when (IsFault(e))
        {
            return [new Outcome(name, folder.Kind, spelled, None, null, null, false, e.Message)];
        }
    }

    private static bool IsFault(Exception e) => e is ModelContractException or IOException or UnauthorizedAccessException;

    private static void Print(Streams streams, List<Outcome> outcomes)
    {
        Tables.Print(streams, ["model", "kind", "precision", "run", "#deviation", "#limit", "ok"], outcomes.Select(o => new[]
        {
            o.Model, o.Kind, o.Precision, o.Run, Number(o.Deviation), Number(o.Limit), o.Ok switch { true => "ok", false => "FAILED", null => None },
        }));
        foreach (var outcome in outcomes.Where(o => o.Ok != true))
        {
            streams.Out.WriteLine($"{outcome.Model} {outcome.Precision} {outcome.Run}: {outcome.Detail}");
        }

        var failed = outcomes.Where(o => o.Ok == false).Select(o => o.Model).Distinct().Count();
        var models = outcomes.Select(o => o.Model).Distinct().Count();
        streams.Out.WriteLine($"{models} model{(models == 1 ? "" : "s")}, {(failed == 0 ? "all within limits" : $"{failed} failed")}");
    }

    private static string Number(double? value) => value?.ToString("0.0e+0", CultureInfo.InvariantCulture) ?? None;

    /// <param name="Model">Folder, relative to the one searched.</param>
    /// <param name="Kind">Kind; "-" when it cannot be told.</param>
    /// <param name="Precision">fp32, fp16; "-" where there is none.</param>
    /// <param name="Run">Golden run, or the group of cases of a dual encoder.</param>
    /// <param name="Deviation">Largest relative deviation; null when it is not a number or nothing was compared.</param>
    /// <param name="Limit">Largest deviation allowed.</param>
    /// <param name="Ok">Null where there was nothing to verify.</param>
    /// <param name="Detail">What was compared, or the complaint.</param>
    private sealed record Outcome(string Model, string Kind, string Precision, string Run, double? Deviation, double? Limit, bool? Ok, string Detail);
}
