using System.Buffers;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>What a drafter proposes for one round: a tree and the laws that its tokens were drawn from.</summary>
/// <param name="tree">The tree; a root alone proposes nothing, and the round emits one token of the target's.</param>
/// <param name="draw">How children came about, the same at every node.</param>
public sealed class Proposal(TokenTree tree, DraftDraw draw) : IDisposable
{
    private readonly Dictionary<int, DraftLaw> laws = [];
    private readonly List<double[]> rented = [];

    /// <summary>The tree.</summary>
    public TokenTree Tree => tree;

    /// <summary>How children came about.</summary>
    public DraftDraw Draw => draw;

    /// <summary>Nothing proposed.</summary>
    public static Proposal Empty(int rootToken) => new(new TokenTree(rootToken), DraftDraw.Deterministic);

    /// <summary>Sets the law of a node's children.</summary>
    public void SetLaw(int node, DraftLaw law) => laws[node] = law;

    /// <summary>An array of at least this size for a dense law; it goes back to its pool with the proposal.</summary>
    public Memory<double> Rent(int size)
    {
        var array = ArrayPool<double>.Shared.Rent(size);
        rented.Add(array);
        return array.AsMemory(0, size);
    }

    /// <summary>The law of a node's children.</summary>
    /// <exception cref="InvalidOperationException">The drafter gave none.</exception>
    public DraftLaw LawOf(int node) => laws.TryGetValue(node, out var law)
        ? law
        : throw new InvalidOperationException($"The children of node {node} were drawn by chance, but the drafter gave no law for them.");

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var array in rented)
        {
            ArrayPool<double>.Shared.Return(array);
        }

        rented.Clear();
        laws.Clear();
    }
}
