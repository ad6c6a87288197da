// Times decoding and PIL-exact resizing against Pillow itself: one thread each, the same JPEG files, one run.
//   dotnet run -c Release --project bench/Preprocessing [-- seconds-a-measurement]        (PYTHON names an interpreter with Pillow and NumPy)
using System.Globalization;
using System.Text.Json;
using Orchestrator.Bench.Preprocessing;
using Orchestrator.Inference.Images;

var seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 1.0;
var folder = Directory.CreateTempSubdirectory("preprocessing-bench-").FullName;
try
{
    PillowScript.Run("make", folder);
    using var pillow = JsonDocument.Parse(PillowScript.Run("time", folder, seconds.ToString(CultureInfo.InvariantCulture)));
    Console.WriteLine($"Pillow {pillow.RootElement.GetProperty("version").GetString()}, {Environment.ProcessorCount} processors, AVX2 {System.Runtime.Intrinsics.X86.Avx2.IsSupported}; milliseconds an image, best of {seconds:0.#} s; ratio = Pillow / ours");
    Console.WriteLine($"{"image",-20}{"decode",10}{"Pillow",9}{"ratio",7}{"resize+crop",14}{"Pillow",9}{"ratio",7}{"squash",10}{"Pillow",9}{"ratio",7}{"bytes to tensor",18}{"Pillow",9}{"ratio",7}");
    var decoder = new ImageDecoder();
    var contract = new PreprocessContract();
    var crop = new ImagePreprocessor(contract);
    var squash = new ImagePreprocessor(contract with { Resize = ResizeMode.Exact, CropHeight = 0, CropWidth = 0 });
    var tensor = new float[contract.TensorLength];
    foreach (var file in pillow.RootElement.GetProperty("files").EnumerateObject())
    {
        var bytes = File.ReadAllBytes(Path.Combine(folder, file.Name));
        var image = decoder.Decode(bytes).Image ?? throw new InvalidOperationException(file.Name);
        double[] ours =
        [
            Clock.Best(() => decoder.Decode(bytes), seconds),
            Clock.Best(() => crop.Pixels(image), seconds),
            Clock.Best(() => squash.Pixels(image), seconds),
            Clock.Best(() => crop.Write(decoder.Decode(bytes).Image!, tensor), seconds),
        ];
        string[] names = ["decode", "resize", "squash", "all"];
        int[] widths = [10, 14, 10, 18];
        Console.Write($"{file.Name,-20}");
        for (var i = 0; i < ours.Length; i++)
        {
            var theirs = file.Value.GetProperty(names[i]).GetDouble();
            Console.Write($"{ours[i].ToString("F3", CultureInfo.InvariantCulture).PadLeft(widths[i])}{theirs,9:F3}{theirs / ours[i],7:F2}");
        }

        Console.WriteLine();
    }
}
finally
{
    Directory.Delete(folder, recursive: true);
}
