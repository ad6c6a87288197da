using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Orchestrator.Inference.Sessions;

/// <summary>Wraps the caller's memory as ONNX values, converting only where the graph's element type differs.</summary>
internal static class TensorFeed
{
    /// <summary>A tensor without values, such as a key cache of length 0: there is no memory of the caller's to wrap.</summary>
    public static OrtValue Empty(TensorElementType type, params long[] shape) => OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, shape);

    public static OrtValue Floats(ReadOnlyMemory<float> values, TensorElementType type, params long[] shape)
    {
        if (values.Length == 0)
        {
            return Empty(type, shape);
        }

        if (type == TensorElementType.Float)
        {
            return OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, MemoryMarshal.AsMemory(values), shape);
        }

        var halves = new Float16[values.Length];
        TensorPrimitives.ConvertToHalf(values.Span, MemoryMarshal.Cast<Float16, Half>(halves.AsSpan()));
        return OrtValue.CreateTensorValueFromMemory(halves, shape);
    }

    public static OrtValue Integers(ReadOnlyMemory<long> values, TensorElementType type, params long[] shape)
    {
        if (values.Length == 0)
        {
            return Empty(type, shape);
        }

        if (type == TensorElementType.Int64)
        {
            return OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, MemoryMarshal.AsMemory(values), shape);
        }

        var narrow = new int[values.Length];
        for (var i = 0; i < narrow.Length; i++)
        {
            narrow[i] = checked((int)values.Span[i]);
        }

        return OrtValue.CreateTensorValueFromMemory(narrow, shape);
    }

    /// <summary>Copies a float or half tensor out.</summary>
    public static void Read(OrtValue value, Span<float> into)
    {
        var shape = value.GetTensorTypeAndShape();
        if (shape.ElementDataType == TensorElementType.Float)
        {
            value.GetTensorDataAsSpan<float>().CopyTo(into);
        }
        else
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<Float16, Half>(value.GetTensorDataAsSpan<Float16>()), into);
        }
    }
}
