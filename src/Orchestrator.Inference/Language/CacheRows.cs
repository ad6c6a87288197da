using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Language;

/// <summary>
/// The key-value cache of one sequence and the forward that grows it. Rows are appended by every forward and never moved one
/// by one: the outputs of one forward are the inputs of the next, where they lie, and a row that was rolled back is hidden by
/// the mask of later forwards. Positions are in the keys (rotary), so the place of a row in the cache means nothing. When dead
/// rows have become many, the living ones are copied together.
/// </summary>
/// <param name="graph">The decoder; outlives this.</param>
/// <param name="extras">Further outputs to fetch, such as <see cref="DecoderGraph.HiddenStates"/>; joined in this order in <see cref="RowsOut.Hidden"/>.</param>
/// <param name="onHost">True where the rows are read by this process: they then stay in CPU memory on any provider.</param>
internal sealed class CacheRows(DecoderGraph graph, IReadOnlyList<string> extras, bool onHost = false) : IDisposable
{
    /// <summary>Dead rows that are always borne: copying costs more.</summary>
    private const int BorneDead = 64;

    private readonly OrtIoBinding binding = graph.Session.CreateIoBinding();
    private readonly RunOptions run = new();
    private readonly OrtMemoryInfo cpu = OrtMemoryInfo.DefaultInstance;
    private readonly OrtMemoryInfo? device = onHost ? null : DeviceMemory(graph.Provider, graph.DeviceNumber);
    private OrtValue[] past = [];
    private IDisposable? owner;
    private RowsOut? last;
    private bool[] live = new bool[256];

    /// <summary>Rows in the cache, the dead ones included.</summary>
    public int Count { get; private set; }

    /// <summary>Rows that later forwards may see.</summary>
    public int Living { get; private set; }

    /// <summary>True where a row may be seen.</summary>
    public bool IsLive(int row) => live[row];

    /// <summary>Says whether later forwards see a row.</summary>
    public void SetLive(int row, bool value)
    {
        if (live[row] != value)
        {
            live[row] = value;
            Living += value ? 1 : -1;
        }
    }

    /// <summary>Hides every row from <paramref name="row"/> on.</summary>
    public void KillFrom(int row)
    {
        for (; row < Count; row++)
        {
            SetLive(row, false);
        }
    }

    /// <summary>Appends one row a token and returns what the graph says of them; the rows are alive.</summary>
    /// <param name="tokens">S ids.</param>
    /// <param name="positions">S positions.</param>
    /// <param name="sees">S × (Count + S), row-major: what each new row sees. Null: all living rows, and new rows up to itself.</param>
    /// <param name="hidden">S × D for a head on hidden states, else empty.</param>
    /// <exception cref="NotSupportedException"><paramref name="sees"/> is given and the graph has no bias input.</exception>
    public RowsOut Append(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, ReadOnlySpan<bool> sees, ReadOnlySpan<float> hidden = default)
    {
        var size = tokens.Length;
        var total = Count + size;
        var feeds = new List<OrtValue>(4);
        binding.ClearBoundInputs();
        binding.ClearBoundOutputs();
        Feed(DecoderGraph.InputIds, Longs(tokens), [1, size]);
        if (graph.HasPositions)
        {
            Feed(DecoderGraph.PositionIds, Longs(positions), [1, size]);
        }

        if (graph.Mask == MaskInput.Bias)
        {
            feeds.Add(Bias(size, sees));
            binding.BindInput(DecoderGraph.AttentionBias, feeds[^1]);
        }
        else
        {
            if (!sees.IsEmpty)
            {
                throw new NotSupportedException($"{graph.File} has no input '{DecoderGraph.AttentionBias}', so its rows see all earlier ones.");
            }

            var mask = new long[total];
            for (var i = 0; i < total; i++)
            {
                mask[i] = i >= Count || live[i] ? 1 : 0;
            }

            Feed(DecoderGraph.AttentionMask, mask, [1, total]);
        }

        if (graph.HiddenType is { } type)
        {
            feeds.Add(TensorFeed.Floats(hidden.ToArray(), type, 1, size, graph.HiddenWidth));
            binding.BindInput(DecoderGraph.HiddenStates, feeds[^1]);
        }

        if (past.Length == 0)
        {
            past = Allocate(0);
            owner = new Owned(past);
        }

        for (var i = 0; i < past.Length; i++)
        {
            binding.BindInput(graph.PastNames[i], past[i]);
        }

        binding.BindOutputToDevice(DecoderGraph.Logits, cpu);
        foreach (var extra in extras)
        {
            binding.BindOutputToDevice(extra, cpu);
        }

        foreach (var present in graph.PresentNames)
        {
            binding.BindOutputToDevice(present, device ?? cpu);
        }

        graph.Session.RunWithBinding(run, binding);
        var outputs = binding.GetOutputValues();
        feeds.ForEach(feed => feed.Dispose());

        // Only now: the run read the rows of the one before.
        owner?.Dispose();
        last?.Close();
        owner = outputs;
        past = [.. outputs.Skip(1 + extras.Count)];
        Grow(total);
        for (var row = Count; row < total; row++)
        {
            live[row] = true;
        }

        (Count, Living) = (total, Living + size);
        return last = new RowsOut(size, outputs[0], [.. outputs.Skip(1).Take(extras.Count)]);

        void Feed(string name, long[] values, long[] shape)
        {
            feeds.Add(OrtValue.CreateTensorValueFromMemory(values, shape));
            binding.BindInput(name, feeds[^1]);
        }
    }

    /// <summary>Takes over a cache of other rows, all alive.</summary>
    /// <param name="values">As many tensors as the graph has cache inputs, of <paramref name="rows"/> rows each.</param>
    public void Replace(OrtValue[] values, int rows)
    {
        owner?.Dispose();
        (past, owner) = (values, new Owned(values));
        Grow(rows);
        live.AsSpan(0, rows).Fill(true);
        (Count, Living) = (rows, rows);
    }

    /// <summary>The cache's tensors, in the order of the graph's inputs; valid until the next change.</summary>
    public IReadOnlyList<OrtValue> Tensors => past;

    /// <summary>Uninitialised tensors for a cache of <paramref name="rows"/> rows.</summary>
    public OrtValue[] Allocate(int rows, int batch = 1)
    {
        var values = new OrtValue[graph.PastNames.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, graph.CacheType, [batch, graph.KeyValueHeads, rows, graph.HeadWidth]);
        }

        return values;
    }

    /// <summary>Memory of the device that a session runs on; null where that is the CPU's.</summary>
    /// <param name="provider"><see cref="DecoderGraph.Provider"/>.</param>
    /// <param name="number">Number of the device.</param>
    internal static OrtMemoryInfo? DeviceMemory(string provider, int number) =>
        provider == "cpu" ? null : new OrtMemoryInfo("Cuda", OrtAllocatorType.DeviceAllocator, number, OrtMemType.Default);

    /// <inheritdoc/>
    public void Dispose()
    {
        owner?.Dispose();
        last?.Close();
        binding.Dispose();
        run.Dispose();
        device?.Dispose();
    }

    /// <summary>Copies the living rows together where the dead ones have become many (on the CPU; a device keeps them). Before a mask is made.</summary>
    /// <param name="moved">Told (old, new) of each living row, in order.</param>
    public void Tidy(Action<int, int> moved)
    {
        if (Count - Living > Math.Max(BorneDead, Living / 2) && device is null)
        {
            Compact(moved);
        }
    }

    private void Compact(Action<int, int> moved)
    {
        var target = Allocate(Living);
        var rowBytes = graph.HeadWidth * (graph.CacheType == TensorElementType.Float16 ? 2 : 4);
        for (var i = 0; i < past.Length; i++)
        {
            var source = past[i].GetTensorMutableRawData();
            var into = target[i].GetTensorMutableRawData();
            for (var head = 0; head < graph.KeyValueHeads; head++)
            {
                var to = head * Living;
                for (var row = 0; row < Count; row++)
                {
                    if (live[row])
                    {
                        source.Slice(((head * Count) + row) * rowBytes, rowBytes).CopyTo(into[(to++ * rowBytes)..]);
                    }
                }
            }
        }

        var next = 0;
        for (var row = 0; row < Count; row++)
        {
            if (live[row])
            {
                moved(row, next++);
            }
        }

        Replace(target, Living);
    }

    private OrtValue Bias(int size, ReadOnlySpan<bool> sees)
    {
        var total = Count + size;
        var bias = new float[size * total];

        // -1e9 has no half: it would be minus infinity, and a row of nothing but these not a number.
        var unseen = graph.BiasType == TensorElementType.Float16 ? (float)Half.MinValue : -1e9f;
        for (var row = 0; row < size; row++)
        {
            var line = bias.AsSpan(row * total, total);
            for (var at = 0; at < total; at++)
            {
                var visible = sees.IsEmpty ? (at < Count ? live[at] : at - Count <= row) : sees[(row * total) + at];
                line[at] = visible ? 0 : unseen;
            }
        }

        return TensorFeed.Floats(bias, graph.BiasType, 1, 1, size, total);
    }

    private static long[] Longs(ReadOnlySpan<int> values)
    {
        var longs = new long[values.Length];
        for (var i = 0; i < longs.Length; i++)
        {
            longs[i] = values[i];
        }

        return longs;
    }

    private void Grow(int rows)
    {
        if (rows > live.Length)
        {
            Array.Resize(ref live, Math.Max(rows, live.Length * 2));
        }
    }

    private sealed class Owned(OrtValue[] values) : IDisposable
    {
        public void Dispose() => Array.ForEach(values, value => value.Dispose());
    }
}
