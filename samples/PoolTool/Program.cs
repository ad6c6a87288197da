using System.CommandLine;
using Orchestrator.Samples.PoolGenerator;

var folder = new Option<string>("--out") { Description = "Folder to write.", Required = true };
var seed = new Option<ulong>("--seed") { Description = "Any number.", DefaultValueFactory = _ => 1 };

var shards = new Option<int>("--shards") { Description = "Number of tar files.", DefaultValueFactory = _ => 8 };
var samples = new Option<int>("--samples") { Description = "Samples in each tar.", DefaultValueFactory = _ => 250 };
var pool = new Command("pool", "Writes a pool with known defects, and its truth to OUT-truth.") { folder, shards, samples, seed };
pool.SetAction(async (parsed, cancellationToken) =>
{
    var options = new PoolOptions
    {
        Shards = parsed.GetValue(shards),
        SamplesPerShard = parsed.GetValue(samples),
        Seed = parsed.GetValue(seed),
    };
    var result = await PoolWriter.WriteAsync(parsed.GetRequiredValue(folder), options, cancellationToken);
    Console.WriteLine($"{(result.Reused ? "reused" : "wrote")} {result.Samples} samples; truth: {result.TruthPath}");
    foreach (var (kind, count) in result.Defects)
    {
        Console.WriteLine($"{kind,-20} {count,8}");
    }
});

var count = new Option<int>("--count") { Description = "Number of pictures.", DefaultValueFactory = _ => 1_000 };
var captions = new Option<int>("--captions") { Description = "True captions of each picture.", DefaultValueFactory = _ => 4 };
var pairs = new Command("pairs", "Writes clean pairs for training and evaluation.") { folder, count, captions, seed };
pairs.SetAction((parsed, cancellationToken) => PairWriter.WriteAsync(
    parsed.GetRequiredValue(folder),
    new PairOptions { Count = parsed.GetValue(count), Captions = parsed.GetValue(captions), Seed = parsed.GetValue(seed) },
    cancellationToken));

return await new RootCommand("Makes the sample data of Orchestrator.") { pool, pairs }.Parse(args).InvokeAsync();
