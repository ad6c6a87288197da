// The decoding loop beside the bare session calls it makes, what rolling back costs, and trees beside leaf paths, on the demo target.
//   dotnet run -c Release --project bench/Decoding [-- tokens] [-- rounds]
// The speedup of each family over the baseline is measured by an evaluation job: its result.json and report.
using System.Globalization;
using Orchestrator.Bench.Decoding;
using Orchestrator.Inference.Language;
using Orchestrator.Inference.Sessions;

var tokens = int.Parse(args.ElementAtOrDefault(0) ?? "128", CultureInfo.InvariantCulture);
var rounds = int.Parse(args.ElementAtOrDefault(1) ?? "9", CultureInfo.InvariantCulture);
var models = Path.Combine("samples", "models", "lm-demo", "onnx");
var options = new InferenceOptions { IntraOpThreads = 1 };
using var tree = DecoderGraph.Open(Path.Combine(models, "decoder_tree.onnx"), options);
using var plain = DecoderGraph.Open(Path.Combine(models, "model.onnx"), options);
var bench = new LoopBench(Path.Combine(models, "decoder_tree.onnx"), tree, tokens, rounds);
bench.Loop();
bench.RollBack();
bench.TreeAndLeafPaths(plain);
