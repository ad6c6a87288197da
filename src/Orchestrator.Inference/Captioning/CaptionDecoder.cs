using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Captioning;

/// <summary>
/// A text decoder with a key and value cache: <c>input_ids [B,S]</c>, <c>attention_mask [B,P+S]</c>, <c>position_ids [B,S]</c>,
/// <c>encoder_hidden_states [B,N,D]</c>, <c>past_key_values.{i}.key|value [B,H,P,dh]</c> to <c>logits [B,S,V]</c> and
/// <c>present.{i}.key|value [B,H,P+S,dh]</c>. Safe for concurrent use; a <see cref="DecoderCache"/> belongs to one sequence batch.
/// </summary>
internal sealed class CaptionDecoder : IDisposable
{
    private static readonly RunOptions Options = new();

    private readonly OrtSession _session;
    private readonly GraphTensor _ids;
    private readonly GraphTensor? _mask;
    private readonly GraphTensor? _positions;
    private readonly GraphTensor _encoder;
    private readonly GraphTensor[] _past;
    private readonly string[] _outputs;

    private CaptionDecoder(OrtSession session, GraphTensor ids, GraphTensor? mask, GraphTensor? positions, GraphTensor encoder, GraphTensor[] past, string[] outputs) =>
        (_session, _ids, _mask, _positions, _encoder, _past, _outputs) = (session, ids, mask, positions, encoder, past, outputs);

    public OrtSession Session => _session;

    /// <exception cref="ModelContractException">A tensor is missing or has another rank or type.</exception>
    public static CaptionDecoder Load(ModelFolder folder, InferenceOptions options)
    {
        var session = OrtSessions.Open(folder.FindGraph("decoder", options.Precision, "text_decoder_model", "decoder_model") ?? folder.PathOf("onnx/text_decoder_model.onnx"), options);
        try
        {
            var contract = new GraphContract(session);
            TensorElementType[] whole = [TensorElementType.Int64, TensorElementType.Int32], real = [TensorElementType.Float, TensorElementType.Float16];
            var ids = contract.Input("decoder", folder.Manifest.Inputs.GetValueOrDefault("decoder"), ["input_ids"], 2, whole);
            var mask = contract.OptionalInput("mask", null, ["attention_mask"], 2, whole);
            var positions = contract.OptionalInput("positions", null, ["position_ids"], 2, whole);
            var encoder = contract.Input("encoder", null, ["encoder_hidden_states"], 3, real);
            var layers = folder.Manifest.Integer("num_layers") ?? session.Session.InputMetadata.Keys.Count(n => n.StartsWith("past_key_values.", StringComparison.Ordinal)) / 2;
            var past = new List<GraphTensor>();
            List<string> outputs = [contract.Output("logits", null, ["logits"], 3).Name];
            for (var layer = 0; layer < layers; layer++)
            {
                foreach (var part in (ReadOnlySpan<string>)["key", "value"])
                {
                    var tensor = contract.Input("cache", null, [$"past_key_values.{layer}.{part}"], 4, real);
                    if (tensor.Dimensions[1] < 1 || tensor.Dimensions[3] < 1)
                    {
                        throw contract.Wrong(tensor.Name, "heads and width of a head as fixed sizes at axes 1 and 3", tensor.ToString());
                    }

                    past.Add(tensor);
                    outputs.Add(contract.Output("cache", null, [$"present.{layer}.{part}"], 4).Name);
                }
            }

            contract.RefuseUnclaimedInputs("ids, mask, positions, image states and cache");
            return new CaptionDecoder(session, ids, mask, positions, encoder, [.. past], [.. outputs]);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>An empty cache for rows that read the given images, one image a row.</summary>
    public DecoderCache Start(ImageStates states)
    {
        var encoder = TensorFeed.Floats(states.Values, _encoder.Type, states.Count, states.Tokens, states.Width);
        return new DecoderCache(encoder, states.Count, [.. _past.Select(p => TensorFeed.Empty(p.Type, states.Count, p.Dimensions[1], 0, p.Dimensions[3]))]);
    }

    /// <summary>Appends tokens to every row and scores what comes next.</summary>
    /// <param name="cache">Cache of the rows; grows by the tokens.</param>
    /// <param name="ids">rows x count ids.</param>
    /// <returns>Scores of the next token, rows x vocabulary, unnormalised.</returns>
    public float[] Step(DecoderCache cache, long[] ids)
    {
        var rows = cache.Rows;
        var count = ids.Length / rows;
        List<string> names = [_ids.Name, _encoder.Name];
        List<OrtValue> fresh = [TensorFeed.Integers(ids, _ids.Type, rows, count)];
        try
        {
            List<OrtValue> values = [fresh[0], cache.Encoder];
            void Add(GraphTensor? tensor, int length, Func<int, long> value)
            {
                if (tensor is not null)
                {
                    var numbers = new long[rows * length];
                    for (var i = 0; i < numbers.Length; i++)
                    {
                        numbers[i] = value(i % length);
                    }

                    fresh.Add(TensorFeed.Integers(numbers, tensor.Type, rows, length));
                    names.Add(tensor.Name);
                    values.Add(fresh[^1]);
                }
            }

            Add(_mask, cache.Length + count, _ => 1);
            Add(_positions, count, i => cache.Length + i);
            names.AddRange(_past.Select(p => p.Name));
            values.AddRange(cache.Values);
            var results = _session.Session.Run(Options, names, values, _outputs);
            var shape = results[0].GetTensorTypeAndShape().Shape;
            if (shape.Length != 3 || shape[0] != rows || shape[1] != count)
            {
                results.Dispose();
                throw new ModelContractException(_session.File, _outputs[0], $"shape [{rows}, {count}, vocabulary]", $"[{string.Join(", ", shape)}]");
            }

            var all = new float[shape[0] * shape[1] * shape[2]];
            TensorFeed.Read(results[0], all);
            cache.Grow(results, count);
            return Last(all, rows, count);
        }
        finally
        {
            fresh.ForEach(v => v.Dispose());
        }
    }

    public void Dispose() => _session.Dispose();

    private static float[] Last(float[] all, int rows, int count)
    {
        if (count == 1)
        {
            return all;
        }

        var width = all.Length / (rows * count);
        var last = new float[rows * width];
        for (var row = 0; row < rows; row++)
        {
            all.AsSpan(((row * count) + count - 1) * width, width).CopyTo(last.AsSpan(row * width));
        }

        return last;
    }
}

/// <summary>Keys and values of a batch of sequences, and the image states they read. Not safe for concurrent use.</summary>
/// <remarks>They lie in host memory: on a device each step carries them there and back.</remarks>
internal sealed class DecoderCache(OrtValue encoder, int rows, OrtValue[] empty) : IDisposable
{
    private IDisposable? _owner;

    public OrtValue Encoder => encoder;

    public int Rows => rows;

    /// <summary>Tokens in the cache.</summary>
    public int Length { get; private set; }

    /// <summary>key and value of each layer in turn, [rows, heads, length, width].</summary>
    public OrtValue[] Values { get; private set; } = empty;

    /// <summary>Takes the outputs of a step, scores first, as the new cache.</summary>
    public void Grow(IDisposableReadOnlyCollection<OrtValue> results, int count)
    {
        Replace([.. results.Skip(1)], results);
        Length += count;
    }

    /// <summary>Row i becomes what row <paramref name="from"/>[i] was. Rows of one image only: image states stay where they are.</summary>
    public void Reorder(ReadOnlySpan<int> from)
    {
        var same = true;
        for (var i = 0; i < from.Length; i++)
        {
            same &= from[i] == i;
        }

        if (same)
        {
            return;
        }

        var moved = new OrtValue[Values.Length];
        for (var i = 0; i < moved.Length; i++)
        {
            var info = Values[i].GetTensorTypeAndShape();
            moved[i] = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, info.ElementDataType, info.Shape);
            var source = Values[i].GetTensorMutableRawData();
            var target = moved[i].GetTensorMutableRawData();
            var row = source.Length / rows;
            for (var r = 0; r < rows; r++)
            {
                source.Slice(from[r] * row, row).CopyTo(target[(r * row)..]);
            }
        }

        Replace(moved, null);
    }

    public void Dispose()
    {
        Replace([], null);
        encoder.Dispose();
    }

    private void Replace(OrtValue[] values, IDisposable? owner)
    {
        if (_owner is null)
        {
            foreach (var value in Values)
            {
                value.Dispose();
            }
        }

        _owner?.Dispose();
        (Values, _owner) = (values, owner);
    }
}
