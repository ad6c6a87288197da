// Times decoding and PIL-exact resizing against Pillow itself: one thread each, the same JPEG files, one run.
//   dotnet run -c Release --project bench/Preprocessing [-- seconds-a-measurement]        (PYTHON names an interpreter with Pillow and NumPy)
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Inference.Images;

var seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 1.0;
var folder = Directory.CreateTempSubdirectory("preprocessing-bench-").FullName;
try
{
    Python("make", folder);
    using var pillow = JsonDocument.Parse(Python("time", folder, seconds.ToString(CultureInfo.InvariantCulture)));
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
            Best(() => decoder.Decode(bytes)),
            Best(() => crop.Pixels(image)),
            Best(() => squash.Pixels(image)),
            Best(() => crop.Write(decoder.Decode(bytes).Image!, tensor)),
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

double Best(Action action)
{
    // Tiered compilation settles before anything is timed.
    for (var warm = Stopwatch.StartNew(); warm.Elapsed.TotalSeconds < seconds / 2;)
    {
        action();
    }

    var best = double.MaxValue;
    for (var all = Stopwatch.StartNew(); all.Elapsed.TotalSeconds < seconds;)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    return best;
}

string Python(params string[] arguments)
{
    var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("PYTHON") ?? "/usr/bin/python3") { RedirectStandardOutput = true };
    start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "pillow_speed.py"));
    foreach (var argument in arguments)
    {
        start.ArgumentList.Add(argument);
    }

    using var process = Process.Start(start)!;
    var output = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return process.ExitCode == 0 ? output : throw new InvalidOperationException($"pillow_speed.py ended with {process.ExitCode}: it needs Pillow and NumPy");
}
