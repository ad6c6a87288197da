using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// Medusa (Cai et al. 2024) and parallel multi-token prediction: every head names its best tokens for its own place, and the
/// shape combines them. The node of path c has the c[^1]-th best token of head |c| - 1. Deterministic.
/// </summary>
/// <param name="heads">The heads.</param>
/// <param name="shape">Not deeper than there are heads. A chain of rank 0 is plain multi-token prediction.</param>
public sealed class MedusaDrafter : IDrafter, IPrefillObserver
{
    private readonly IDraftHeads heads;
    private readonly TreeShape shape;
    private float[] hidden = [];

    /// <summary>A drafter of one request.</summary>
    /// <exception cref="ArgumentException">The shape is deeper than there are heads.</exception>
    public MedusaDrafter(IDraftHeads heads, TreeShape shape)
    {
        if (shape.Depth > heads.Count)
        {
            throw new ArgumentException($"The tree is {shape.Depth} deep, but there are {heads.Count} heads.", nameof(shape));
        }

        this.heads = heads;
        this.shape = shape;
    }

    /// <inheritdoc />
    public Proposal Propose(DecodedText text, IChance chance)
    {
        if (hidden.Length == 0)
        {
            throw new InvalidOperationException("The target gave no hidden state: export it with a hidden_states output.");
        }

        var rows = heads.Predict(hidden);
        var ranks = new int[shape.Depth];
        for (var node = 1; node <= shape.Count; node++)
        {
            var head = shape.DepthOf(node) - 1;
            ranks[head] = Math.Max(ranks[head], shape.Rank(node) + 1);
        }

        int[][] tokens = [.. ranks.Select((count, head) => TopTokens.Of(rows.Row(head), count))];
        var tree = new TokenTree(text.Last);
        var nodes = new int[shape.Count + 1];
        for (var node = 1; node <= shape.Count; node++)
        {
            // A head may allow fewer tokens than the shape asks for; what hangs below a missing one is left out.
            var (parent, best) = (nodes[shape.Parent(node)], tokens[shape.DepthOf(node) - 1]);
            nodes[node] = parent < 0 || shape.Rank(node) >= best.Length ? -1 : tree.Add(parent, best[shape.Rank(node)]);
        }

        return new Proposal(tree, DraftDraw.Deterministic);
    }

    /// <inheritdoc />
    public void Observe(in Round round) => hidden = round.Rows.Hidden(round.LastNode).ToArray();

    /// <inheritdoc />
    public void ObservePrefill(ILogitRows rows) => hidden = rows.Hidden(rows.Count - 1).ToArray();
}
