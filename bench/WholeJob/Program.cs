using System.Globalization;
using Orchestrator.Bench.WholeJob;
using Orchestrator.Cli.Client;
using Orchestrator.Cli.Hosting;
using Orchestrator.Samples.PoolGenerator;

// Images per second of a whole curation job (REST, leases, tar, decode, resize, tokenise, models, Parquet, selection, output
// tars, report) beside bare libvips plus bare ONNX Runtime on the same images and cores, in one run.
// Usage: WholeJob [samples per shard, default 500] [--models] [--peers NODE_MODULES] [--telemetry], from the repository's root.
// --models: every dual encoder of samples/models instead of CLIP alone. --peers: PyTorch and transformers.js do the CLIP scoring
// of the same shards as well. --telemetry: the same job with all telemetry and with none instead.
var perShard = args.Length > 0 && int.TryParse(args[0], CultureInfo.InvariantCulture, out var given) ? given : 500;
var nodeModules = Array.IndexOf(args, "--peers") is >= 0 and var at ? args[at + 1] : null;
var folder = Directory.CreateTempSubdirectory("bench-job-").FullName;
var (pool, modelRoot) = (Path.Combine(folder, "pool"), Path.GetFullPath(Path.Combine("samples", "models")));
const int Shards = 8;
await PoolWriter.WriteAsync(pool, new PoolOptions { Shards = Shards, SamplesPerShard = perShard, Seed = 9, Rates = DefectRates.Clean });
var images = Shards * perShard;

var settings = new Dictionary<string, string?>
{
    ["Urls"] = "http://127.0.0.1:0", ["Storage:BaseDirectory"] = folder, ["Store:Path"] = "bench.db", ["Models:Roots:0"] = modelRoot,
};
var models = BenchModel.Of(modelRoot, args.Contains("--models"));
Console.WriteLine($"{images} images, {Environment.ProcessorCount} cores, {string.Join(" + ", models.Select(m => m.Name))}");
if (args.Contains("--telemetry"))
{
    await TelemetryCost.MeasureAsync(settings, images);
    Directory.Delete(folder, recursive: true);
    return;
}

var bare = new BareParts(pool, models);
bare.Warm();
await using var app = EmbeddedServer.Build(settings, quiet: true);
await app.StartAsync();
using var client = new OrchestratorClient(EmbeddedServer.AddressOf(app));
await CurationRun.RunAsync(client, models, images, "warm-up");

Console.WriteLine("round   libvips s   onnx s   ideal img/s   whole job s   score phase s   whole img/s   of ideal   of ideal's processor time");
for (var round = 1; round <= 3; round++)
{
    var (vips, onnx) = (bare.TimeLibvips(), bare.TimeOnnx());
    var (whole, score) = await CurationRun.RunAsync(client, models, images, $"run-{round}");
    var ideal = vips + onnx;
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{round,-5} {vips.Seconds,11:F2} {onnx.Seconds,8:F2} {images / ideal.Seconds,13:F0} {whole.Seconds,13:F2} {score,15:F2} {images / whole.Seconds,13:F0} {ideal.Seconds / whole.Seconds,9:P0} {ideal.Processor / whole.Processor,10:P0} ({ideal.Processor:F1} of {whole.Processor:F1} s)"));
    foreach (var peer in nodeModules is null ? [] : new[] { Peers.Torch(pool, modelRoot), Peers.TransformersJs(pool, modelRoot, nodeModules) })
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"      {peer.Pairs / peer.Seconds,6:F0} img/s, {peer.Processor:F1} s of processor, mean cosine {peer.Mean:F4} (ours {CurationRun.MeanOf(Path.Combine(folder, $"run-{round}")):F4}): {peer.Versions}"));
    }
}

await app.StopAsync();
Directory.Delete(folder, recursive: true);
