using System.Formats.Tar;
using Microsoft.ML.OnnxRuntime;
using NetVips;

namespace Orchestrator.Bench.WholeJob;

/// <summary>
/// The least that scoring costs: libvips decodes each image once and resizes it once for each distinct way of preprocessing,
/// ONNX Runtime runs both towers of each model in batches of 32 on tensors that are there already. Nothing is read from tars,
/// tokenised, checked, stored or written.
/// </summary>
internal sealed class BareParts
{
    private const int Batch = 32;
    private readonly List<byte[]> _images = [];
    private readonly IReadOnlyList<BenchModel> _models;
    private readonly int[] _sides;

    public BareParts(string pool, IReadOnlyList<BenchModel> models)
    {
        _models = models;
        _sides = [.. models.DistinctBy(m => m.Contract).Select(m => m.Side)];
        foreach (var path in Directory.GetFiles(pool, "*.tar"))
        {
            using var reader = new TarReader(File.OpenRead(path));
            while (reader.GetNextEntry() is { } entry)
            {
                if (Path.GetExtension(entry.Name) is ".jpg" or ".png" or ".webp")
                {
                    var bytes = new MemoryStream();
                    entry.DataStream!.CopyTo(bytes);
                    _images.Add(bytes.ToArray());
                }
            }
        }
    }

    public void Warm()
    {
        NetVips.NetVips.Concurrency = 1;
        TimeLibvips(200);
        TimeOnnx(4);
    }

    /// <summary>Decodes and shrinks every image, one image a core at a time.</summary>
    public Cost TimeLibvips(int? count = null) => Cost.Of(() =>
        Parallel.ForEach(_images.Take(count ?? int.MaxValue), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, bytes =>
        {
            // Several pictures out of one decoding need its pixels more than once.
            using var opened = Image.NewFromBuffer(bytes, access: Enums.Access.Sequential);
            using var image = _sides.Length > 1 ? opened.CopyMemory() : opened.Copy();
            foreach (var side in _sides)
            {
                using var small = image.Resize((double)side / Math.Min(image.Width, image.Height), kernel: Enums.Kernel.Cubic);
                _ = small.WriteToMemory<byte>();
            }
        }));

    /// <summary>
    /// Runs both towers of every model over as many rows as there are images: for each model the faster of one session that uses
    /// every core and of one stream a core with sessions of one thread.
    /// </summary>
    public Cost TimeOnnx(int? batches = null)
    {
        var runs = batches ?? (_images.Count + Batch - 1) / Batch;
        return _models.Select(model => new[] { TimeOnnx(model, runs, streams: 1, threads: 0), TimeOnnx(model, runs, streams: Environment.ProcessorCount, threads: 1) }.MinBy(c => c.Seconds))
            .Aggregate((sum, cost) => sum + cost);
    }

    private static Cost TimeOnnx(BenchModel model, int runs, int streams, int threads)
    {
        using var options = new SessionOptions { IntraOpNumThreads = threads };
        using var vision = new InferenceSession(Path.Combine(model.Folder, "onnx", "vision_model.onnx"), options);
        using var text = new InferenceSession(Path.Combine(model.Folder, "onnx", "text_model.onnx"), options);
        var (side, context, words, random) = (model.Side, model.Context, model.Words, new Random(1));
        var pixels = new float[Batch * 3 * side * side];
        Array.ForEach(Enumerable.Range(0, pixels.Length).ToArray(), i => pixels[i] = (random.NextSingle() * 4) - 2);
        var ids = new long[Batch * context];
        Array.ForEach(Enumerable.Range(0, ids.Length).ToArray(), i => ids[i] = random.Next(words));
        using var pixelValues = OrtValue.CreateTensorValueFromMemory(pixels, [Batch, 3, side, side]);
        using var inputIds = OrtValue.CreateTensorValueFromMemory(ids, [Batch, context]);
        return Cost.Of(() => Parallel.For(0, runs, new ParallelOptions { MaxDegreeOfParallelism = streams }, _ =>
        {
            using var run = new RunOptions();
            using var a = vision.Run(run, ["pixel_values"], [pixelValues], ["image_embeds"]);
            using var b = text.Run(run, ["input_ids"], [inputIds], ["text_embeds"]);
        }));
    }
}
