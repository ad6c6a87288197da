using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orchestrator.Domain.Evaluation.Decoding;

namespace Orchestrator.Inference.Language;

/// <summary>The rows of one forward, over the buffers of ONNX Runtime; half precision is widened once a row.</summary>
internal sealed class RowsOut : ILogitRows
{
    private readonly OrtValue logits;
    private readonly OrtValue[] extras;
    private readonly int[] widths;
    private readonly bool isHalf;
    private readonly Dictionary<int, float[]> widened = [];
    private readonly Dictionary<int, float[]> joined = [];
    private bool closed;

    /// <param name="count">Rows; the tensors' second axis.</param>
    /// <param name="logits">[1, count, V].</param>
    /// <param name="extras">[1, count, D] each.</param>
    public RowsOut(int count, OrtValue logits, OrtValue[] extras)
    {
        (Count, this.logits, this.extras) = (count, logits, extras);
        var info = logits.GetTensorTypeAndShape();
        VocabularySize = (int)info.Shape[^1];
        isHalf = info.ElementDataType == TensorElementType.Float16;
        widths = Array.ConvertAll(extras, extra => (int)extra.GetTensorTypeAndShape().Shape[^1]);
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Row(int node)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        if (!isHalf)
        {
            return logits.GetTensorDataAsSpan<float>().Slice(node * VocabularySize, VocabularySize);
        }

        if (!widened.TryGetValue(node, out var row))
        {
            row = new float[VocabularySize];
            Widen(logits, node, VocabularySize, row);
            widened[node] = row;
        }

        return row;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Hidden(int node)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        if (extras.Length == 0)
        {
            return [];
        }

        if (!joined.TryGetValue(node, out var row))
        {
            row = new float[widths.Sum()];
            var at = 0;
            for (var i = 0; i < extras.Length; i++)
            {
                Widen(extras[i], node, widths[i], row.AsSpan(at, widths[i]));
                at += widths[i];
            }

            joined[node] = row;
        }

        return row;
    }

    /// <summary>The buffers are gone.</summary>
    public void Close() => closed = true;

    private static void Widen(OrtValue tensor, int row, int width, Span<float> into)
    {
        if (tensor.GetTensorTypeAndShape().ElementDataType == TensorElementType.Float16)
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<Float16, Half>(tensor.GetTensorDataAsSpan<Float16>()).Slice(row * width, width), into);
        }
        else
        {
            tensor.GetTensorDataAsSpan<float>().Slice(row * width, width).CopyTo(into);
        }
    }
}
