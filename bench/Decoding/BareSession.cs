using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace Orchestrator.Bench.Decoding;

/// <summary>The calls that decoding cannot do without: one run a token with outputs bound as the next inputs. Feeds are made outside the clock.</summary>
internal sealed class BareSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly int layers;

    public BareSession(string file)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        session = new InferenceSession(file, options);
        layers = session.InputMetadata.Keys.Count(name => name.EndsWith(".key", StringComparison.Ordinal));
    }

    /// <summary>Microseconds of the runs after the prefill: by the clock, and of processor time.</summary>
    public (double Wall, double Processor) Run(int[] prompt, IReadOnlyList<int> output)
    {
        using var run = new RunOptions();
        using var binding = session.CreateIoBinding();
        var shape = session.InputMetadata["past_key_values.0.key"].Dimensions;
        var past = Enumerable.Range(0, 2 * layers)
            .Select(_ => OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, [1, shape[1], 0, shape[3]])).ToArray();
        IDisposable owner = new Owned(past);
        var (wall, processor, length) = (0.0, 0.0, 0);
        for (var step = 0; step < output.Count; step++)
        {
            long[] ids = step == 0 ? [.. prompt.Select(id => (long)id)] : [output[step - 1]];
            var total = length + ids.Length;
            var bias = new float[ids.Length * total];
            for (var row = 0; row < ids.Length; row++)
            {
                bias.AsSpan((row * total) + length + row + 1, ids.Length - row - 1).Fill(-1e9f);
            }

            using var idsFeed = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]);
            using var places = OrtValue.CreateTensorValueFromMemory([.. Enumerable.Range(length, ids.Length).Select(i => (long)i)], [1L, ids.Length]);
            using var biasFeed = OrtValue.CreateTensorValueFromMemory(bias, [1, 1, ids.Length, total]);
            var (started, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            binding.ClearBoundInputs();
            binding.ClearBoundOutputs();
            binding.BindInput("input_ids", idsFeed);
            binding.BindInput("position_ids", places);
            binding.BindInput("attention_bias", biasFeed);
            for (var i = 0; i < past.Length; i++)
            {
                binding.BindInput(Name("past_key_values", i), past[i]);
            }

            binding.BindOutputToDevice("logits", OrtMemoryInfo.DefaultInstance);
            for (var i = 0; i < past.Length; i++)
            {
                binding.BindOutputToDevice(Name("present", i), OrtMemoryInfo.DefaultInstance);
            }

            session.RunWithBinding(run, binding);
            var values = binding.GetOutputValues();
            if (step > 0)
            {
                wall += Stopwatch.GetElapsedTime(started).TotalMicroseconds;
                processor += (Environment.CpuUsage.TotalTime - used).TotalMicroseconds;
            }

            owner.Dispose();
            (owner, past, length) = (values, [.. values.Skip(1)], total);
        }

        owner.Dispose();
        return (wall, processor);
    }

    public void Dispose() => session.Dispose();

    private static string Name(string prefix, int i) => string.Create(CultureInfo.InvariantCulture, $"{prefix}.{i / 2}.{(i % 2 == 0 ? "key" : "value")}");

    private sealed class Owned(OrtValue[] values) : IDisposable
    {
        public void Dispose() => Array.ForEach(values, value => value.Dispose());
    }
}
