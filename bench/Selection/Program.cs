// Exact selection over synthetic scores in Parquet parts: throughput, peak memory, and the same rows as a full sort.
//   dotnet run -c Release --project bench/Selection [-- rows] [-- parts] [-- folder]
// Each step is a process of its own, so that the memory of one is not that of another.
using System.Globalization;
using Orchestrator.Bench.Selection;

if (args is ["make" or "select" or "preview" or "plan" or "verify", var folder, var rows, var parts])
{
    var pool = new SyntheticPool(folder, long.Parse(rows, CultureInfo.InvariantCulture), int.Parse(parts, CultureInfo.InvariantCulture));
    return Steps.Run(args[0], pool);
}

var (count, files) = (args.ElementAtOrDefault(0) ?? "100000000", args.ElementAtOrDefault(1) ?? "256");
var given = args.ElementAtOrDefault(2);
var place = given ?? Directory.CreateTempSubdirectory("selection-bench-").FullName;
try
{
    string[] steps = File.Exists(Path.Combine(place, "made")) ? ["select", "preview", "plan", "verify"] : ["make", "select", "preview", "plan", "verify"];
    return steps.Select(step => Steps.InProcess(step, place, count, files)).FirstOrDefault(code => code != 0);
}
finally
{
    if (given is null)
    {
        Directory.Delete(place, recursive: true);
    }
}
