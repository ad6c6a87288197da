namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// A shape as the buffers that Medusa's own code builds from its <c>choices</c> (medusa/model/utils.py), for exports whose
/// graph takes them: node 0 is the root, nodes follow by path length, then ranks.
/// </summary>
/// <param name="Mask">(n + 1)², row-major: 1 where the row's node attends to the column's (root, ancestors, itself).</param>
/// <param name="TreeIndices">Place of each node's token in [root, best of head 0, best of head 1, ...]: rank + topK · (depth - 1) + 1; 0 for the root.</param>
/// <param name="PositionIds">Depth of each node.</param>
/// <param name="RetrieveIndices">One row a leaf, deepest-last leaf first: the nodes of its path from the root, padded with -1.</param>
public sealed record MedusaBuffers(int[] Mask, int[] TreeIndices, int[] PositionIds, int[][] RetrieveIndices)
{
    /// <summary>Builds them.</summary>
    /// <param name="shape">The tree.</param>
    /// <param name="topK">Tokens kept of each head; 10 in Medusa. Ranks must be smaller.</param>
    public static MedusaBuffers Of(TreeShape shape, int topK = 10)
    {
        var size = shape.Count + 1;
        var mask = new int[size * size];
        var indices = new int[size];
        var positions = new int[size];
        var isParent = new bool[size];
        mask[0] = 1;
        for (var node = 1; node < size; node++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shape.Rank(node), topK, nameof(topK));
            var parent = shape.Parent(node);
            isParent[parent] = true;
            mask.AsSpan(parent * size, size).CopyTo(mask.AsSpan(node * size));
            mask[(node * size) + node] = 1;
            positions[node] = shape.DepthOf(node);
            indices[node] = shape.Rank(node) + (topK * (positions[node] - 1)) + 1;
        }

        var leaves = Enumerable.Range(1, shape.Count).Where(node => !isParent[node]).Reverse();
        return new(mask, indices, positions, [.. leaves.Select(leaf => Padded(shape, leaf))]);
    }

    private static int[] Padded(TreeShape shape, int leaf)
    {
        var row = new int[shape.Depth + 1];
        Array.Fill(row, -1);
        for (var node = leaf; node > 0; node = shape.Parent(node))
        {
            row[shape.DepthOf(node)] = node;
        }

        row[0] = 0;
        return row;
    }
}
