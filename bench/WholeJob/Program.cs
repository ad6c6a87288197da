using System.Globalization;
using Orchestrator.Bench.WholeJob;
using Orchestrator.Cli.Client;
using Orchestrator.Cli.Hosting;
using Orchestrator.Samples.PoolGenerator;

// Images per second of a whole curation job (REST, leases, tar, decode, resize, tokenise, models, Parquet, selection, output
// tars) beside bare libvips plus bare ONNX Runtime on the same images and cores, in one run.
// Usage: WholeJob [samples per shard, default 500] [models folder, default samples/models] [--telemetry]
// With --telemetry: the same job with all telemetry and with none instead.
var measuresTelemetry = args.Contains("--telemetry");
args = [.. args.Where(a => a != "--telemetry")];
var perShard = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 500;
var models = Path.GetFullPath(args.Length > 1 ? args[1] : Path.Combine("samples", "models"));
var folder = Directory.CreateTempSubdirectory("bench-job-").FullName;
const int Shards = 8;
await PoolWriter.WriteAsync(Path.Combine(folder, "pool"), new PoolOptions { Shards = Shards, SamplesPerShard = perShard, Seed = 9, Rates = DefectRates.Clean });
var images = Shards * perShard;

var settings = new Dictionary<string, string?>
{
    ["Urls"] = "http://127.0.0.1:0",
    ["Storage:BaseDirectory"] = folder,
    ["Store:Path"] = "bench.db",
    ["Models:Roots:0"] = models,
};
Console.WriteLine($"{images} images, {Environment.ProcessorCount} cores");
if (measuresTelemetry)
{
    await TelemetryCost.MeasureAsync(settings, images);
    Directory.Delete(folder, recursive: true);
    return;
}

var bare = new BareParts(Path.Combine(folder, "pool"), Path.Combine(models, "clip-demo"));
bare.Warm();
await using var app = EmbeddedServer.Build(settings, quiet: true);
await app.StartAsync();
using var client = new OrchestratorClient(EmbeddedServer.AddressOf(app));
await CurationRun.RunAsync(client, images, "warm-up");

Console.WriteLine("round   libvips s   onnx s   ideal img/s   whole job s   score phase s   whole img/s   of ideal");
for (var round = 1; round <= 3; round++)
{
    var (vips, onnx) = (bare.TimeLibvips(), bare.TimeOnnx());
    var (whole, score) = await CurationRun.RunAsync(client, images, $"run-{round}");
    var ideal = images / (vips + onnx);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{round,-5} {vips,11:F2} {onnx,8:F2} {ideal,13:F0} {whole,13:F2} {score,15:F2} {images / whole,13:F0} {images / whole / ideal,9:P0}"));
}

await app.StopAsync();
Directory.Delete(folder, recursive: true);
