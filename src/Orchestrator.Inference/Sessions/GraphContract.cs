using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orchestrator.Inference.Images;

namespace Orchestrator.Inference.Sessions;

/// <summary>One tensor of a graph as declared.</summary>
/// <param name="Name">Tensor name.</param>
/// <param name="Type">Element type.</param>
/// <param name="Dimensions">Sizes; -1 where symbolic.</param>
internal sealed record GraphTensor(string Name, TensorElementType Type, int[] Dimensions)
{
    public override string ToString() => $"{Name} {Type}[{string.Join(",", Dimensions.Select(d => d < 0 ? "?" : d.ToString()))}]";
}

/// <summary>Finds and checks a graph's inputs and outputs; every complaint names file, tensor, expected and found.</summary>
internal sealed class GraphContract(OrtSession session)
{
    private static readonly string[] PixelNames = ["pixel_values", "pixels", "image", "images"];

    private readonly HashSet<string> _claimed = new(StringComparer.Ordinal);

    /// <summary>The input with the stated name, else the first known name that exists, else the only input of that rank and one of the types.</summary>
    public GraphTensor Input(string role, string? stated, ReadOnlySpan<string> known, int rank, params ReadOnlySpan<TensorElementType> types)
    {
        var tensor = FindInput(role, stated, known, rank, types)
            ?? throw Wrong(role, $"an input named {string.Join(" or ", known.ToArray())}, of rank {rank}", All(session.Session.InputMetadata), $"Name it in {ModelManifest.FileName} under inputs.{role}");
        return Check(tensor, rank, types);
    }

    /// <summary>As <see cref="Input"/>, null when the graph has none.</summary>
    public GraphTensor? OptionalInput(string role, string? stated, ReadOnlySpan<string> known, int rank, params ReadOnlySpan<TensorElementType> types)
    {
        var tensor = Named(session.Session.InputMetadata, role, stated, known);
        return tensor is null ? null : Check(tensor, rank, types);
    }

    /// <summary>The pixel input, <c>[N, 3, height, width]</c> in floats of either width, as the preprocessing makes it.</summary>
    public GraphTensor Pixels(ModelFolder folder, string role, PreprocessContract preprocess)
    {
        var pixels = Input(role, folder.Manifest.Inputs.GetValueOrDefault(role), PixelNames, 4, TensorElementType.Float, TensorElementType.Float16);
        const string remedy = "preprocessor_config.json and the graph come from different models";
        Axis(pixels, 1, 3, "channels");
        Axis(pixels, 2, preprocess.Height, "height", remedy);
        Axis(pixels, 3, preprocess.Width, "width", remedy);
        return pixels;
    }

    /// <summary>The float output with the stated name, else the first known name, else the only output of the rank.</summary>
    public GraphTensor Output(string role, string? stated, ReadOnlySpan<string> known, int rank)
    {
        var metadata = session.Session.OutputMetadata;
        var tensor = Named(metadata, role, stated, known);
        if (tensor is null && metadata.Select(Tensor).Where(t => t.Dimensions.Length == rank).ToArray() is [var only])
        {
            tensor = only;
        }

        tensor ??= Missing(role, known, rank, metadata);
        if (tensor.Dimensions.Length != rank)
        {
            throw Wrong(tensor.Name, $"rank {rank}", tensor.ToString(), $"Name another output in {ModelManifest.FileName} under outputs.{role}");
        }

        return tensor.Type is TensorElementType.Float or TensorElementType.Float16 ? tensor : throw Wrong(tensor.Name, "Float or Float16", tensor.ToString());
    }

    /// <summary>Refuses inputs nobody will feed.</summary>
    public void RefuseUnclaimedInputs(string fed)
    {
        var left = session.Session.InputMetadata.Keys.Where(name => !_claimed.Contains(name)).ToArray();
        if (left.Length > 0)
        {
            throw Wrong(left[0], $"no inputs beyond {fed}", All(session.Session.InputMetadata), "Export the graph without it");
        }
    }

    /// <summary>Checks one axis: symbolic, or exactly <paramref name="size"/>.</summary>
    public void Axis(GraphTensor tensor, int axis, int size, string what, string? remedy = null)
    {
        if (tensor.Dimensions[axis] >= 0 && tensor.Dimensions[axis] != size)
        {
            throw Wrong(tensor.Name, $"{what} {size} at axis {axis}", tensor.ToString(), remedy);
        }
    }

    /// <summary>Checks the batch axis: symbolic (returns 0) or 1 (returns 1).</summary>
    public int Batch(GraphTensor tensor)
    {
        if (tensor.Dimensions[0] > 1)
        {
            throw Wrong(tensor.Name, "a symbolic batch axis, or 1", tensor.ToString(), "Export with dynamic axes");
        }

        return tensor.Dimensions[0] == 1 ? 1 : 0;
    }

    public ModelContractException Wrong(string field, string expected, string found, string? remedy = null) => new(session.File, field, expected, found, remedy);

    private GraphTensor Missing(string role, ReadOnlySpan<string> known, int rank, IReadOnlyDictionary<string, NodeMetadata> metadata) =>
        throw Wrong(role, $"an output named {string.Join(" or ", known.ToArray())}, of rank {rank}", All(metadata), $"Name it in {ModelManifest.FileName} under outputs.{role}");

    private GraphTensor? FindInput(string role, string? stated, ReadOnlySpan<string> known, int rank, ReadOnlySpan<TensorElementType> types)
    {
        var metadata = session.Session.InputMetadata;
        if (Named(metadata, role, stated, known) is { } named)
        {
            return named;
        }

        var allowed = types.ToArray();
        return metadata.Select(Tensor).Where(t => t.Dimensions.Length == rank && allowed.Contains(t.Type)).ToArray() is [var only] ? only : null;
    }

    private GraphTensor? Named(IReadOnlyDictionary<string, NodeMetadata> metadata, string role, string? stated, ReadOnlySpan<string> known)
    {
        if (stated is not null)
        {
            return metadata.TryGetValue(stated, out var node)
                ? Tensor(KeyValuePair.Create(stated, node))
                : throw Wrong(stated, $"a tensor of that name, as {ModelManifest.FileName} says for {role}", All(metadata));
        }

        foreach (var name in known)
        {
            if (metadata.TryGetValue(name, out var node))
            {
                return Tensor(KeyValuePair.Create(name, node));
            }
        }

        return null;
    }

    private GraphTensor Check(GraphTensor tensor, int rank, ReadOnlySpan<TensorElementType> types)
    {
        if (tensor.Dimensions.Length != rank || !types.Contains(tensor.Type))
        {
            throw Wrong(tensor.Name, $"{string.Join(" or ", types.ToArray())} of rank {rank}", tensor.ToString());
        }

        _claimed.Add(tensor.Name);
        return tensor;
    }

    private static GraphTensor Tensor(KeyValuePair<string, NodeMetadata> node) =>
        node.Value.IsTensor ? new(node.Key, node.Value.ElementDataType, node.Value.Dimensions) : new(node.Key, TensorElementType.DataTypeMax, []);

    private static string All(IReadOnlyDictionary<string, NodeMetadata> metadata) => string.Join(", ", metadata.Select(Tensor));
}
