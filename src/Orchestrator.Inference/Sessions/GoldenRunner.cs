using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Orchestrator.Inference.Sessions;

/// <summary>Feeds a graph with golden tensors and measures how far its outputs are from the golden ones.</summary>
/// <remarks>Float tensors are cast to what the graph takes (half in fp16 files) and read back as single; ids and masks are exact.</remarks>
internal static class GoldenRunner
{
    private static readonly RunOptions Options = new();

    /// <summary>One row an output, in the order of their names.</summary>
    /// <exception cref="ModelContractException">A tensor the graph lacks or that has another type, rank or shape.</exception>
    public static IEnumerable<VerificationRow> Run(OrtSession session, GoldenRun run)
    {
        var feeds = new List<OrtValue>();
        try
        {
            var metadata = session.Session.InputMetadata;
            foreach (var name in run.Inputs.Keys.Except(metadata.Keys, StringComparer.Ordinal))
            {
                throw new ModelContractException(session.File, name, $"an input of that name, as golden run {run.Name} says", $"[{string.Join(", ", metadata.Keys)}]");
            }

            foreach (var (name, node) in metadata)
            {
                var path = run.Inputs.GetValueOrDefault(name) ?? throw new ModelContractException(session.File, name, $"golden run {run.Name} to feed it", "no tensor", "Export the golden vectors again");
                feeds.Add(Feed(NpyArray.Read(path), name, node, session));
            }

            string[] outputs = [.. run.Outputs.Keys.Order(StringComparer.Ordinal)];
            foreach (var name in outputs.Except(session.Session.OutputMetadata.Keys, StringComparer.Ordinal))
            {
                throw new ModelContractException(session.File, name, $"an output of that name, as golden run {run.Name} says", $"[{string.Join(", ", session.Session.OutputMetadata.Keys)}]");
            }

            using var results = Results(session, run, [.. metadata.Keys], feeds, outputs);
            return [.. outputs.Select((name, i) => Compare(run.Name, name, results[i], NpyArray.Read(run.Outputs[name]), session))];
        }
        finally
        {
            feeds.ForEach(f => f.Dispose());
        }
    }

    private static IDisposableReadOnlyCollection<OrtValue> Results(OrtSession session, GoldenRun run, string[] names, List<OrtValue> feeds, string[] outputs)
    {
        try
        {
            return session.Session.Run(Options, names, feeds, outputs);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelContractException(session.File, run.Name, "a graph that runs on its golden inputs", e.Message, "Export graph and golden vectors together", e);
        }
    }

    private static OrtValue Feed(NpyArray golden, string name, NodeMetadata node, OrtSession session)
    {
        var type = node.ElementDataType;
        if (node.Dimensions.Length != golden.Shape.Length || node.Dimensions.Zip(golden.Shape).Any(d => d.First >= 0 && d.First != d.Second))
        {
            throw new ModelContractException(golden.File, "shape", $"[{string.Join(", ", node.Dimensions.Select(d => d < 0 ? "?" : d.ToString()))}], as {name} of {Path.GetFileName(session.File)} takes", $"[{string.Join(", ", golden.Shape)}]");
        }

        return (golden.Values, type) switch
        {
            (float[] values, TensorElementType.Float or TensorElementType.Float16) => TensorFeed.Floats(values, type, golden.Shape),
            (long[] values, TensorElementType.Int64 or TensorElementType.Int32) => TensorFeed.Integers(values, type, golden.Shape),
            (bool[] values, TensorElementType.Bool) => OrtValue.CreateTensorValueFromMemory(values, golden.Shape),
            _ => throw new ModelContractException(golden.File, "descr", $"the type of {name}, which is {type}", golden.Values.GetType().GetElementType()!.Name, "Store the golden tensor in the graph's own type"),
        };
    }

    private static VerificationRow Compare(string run, string name, OrtValue actual, NpyArray golden, OrtSession session)
    {
        var info = actual.GetTensorTypeAndShape();
        if (!info.Shape.SequenceEqual(golden.Shape))
        {
            throw new ModelContractException(session.File, name, $"shape [{string.Join(", ", golden.Shape)}], that of {Path.GetFileName(golden.File)}", $"[{string.Join(", ", info.Shape)}]");
        }

        switch (golden.Values)
        {
            case float[] expected when info.ElementDataType is TensorElementType.Float or TensorElementType.Float16:
                var values = new float[expected.Length];
                TensorFeed.Read(actual, values);
                var deviation = Deviation(values, expected);
                return new VerificationRow(run, run, name, deviation, $"{values.Length} values of {name}");
            case long[] expected when info.ElementDataType == TensorElementType.Int64:
                return Exact(actual.GetTensorDataAsSpan<long>().SequenceEqual(expected));
            case bool[] expected when info.ElementDataType == TensorElementType.Bool:
                return Exact(actual.GetTensorDataAsSpan<bool>().SequenceEqual(expected));
            default:
                throw new ModelContractException(golden.File, "descr", $"the type of {name}, which is {info.ElementDataType}", golden.Values.GetType().GetElementType()!.Name, "Store the golden tensor in the graph's own type");
        }

        VerificationRow Exact(bool same) => new(run, run, name, same ? 0 : double.PositiveInfinity, same ? $"{name} equal" : $"{name} differs");
    }

    /// <summary>max |a - b| / max |b|; without a division where every golden value is zero. NaN where a value is NaN.</summary>
    internal static double Deviation(ReadOnlySpan<float> actual, ReadOnlySpan<float> golden)
    {
        double difference = 0, largest = 0;
        for (var i = 0; i < golden.Length; i++)
        {
            // Math.Max keeps NaN, so one bad value is seen.
            difference = Math.Max(difference, Math.Abs(actual[i] - (double)golden[i]));
            largest = Math.Max(largest, Math.Abs((double)golden[i]));
        }

        return largest > 0 ? difference / largest : difference;
    }
}
