using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>Settings of retrieval.</summary>
/// <param name="Gamma">Tokens of a continuation, from 1. REST: 10.</param>
/// <param name="Nodes">Candidates kept, from 1. REST: 64.</param>
/// <param name="MaxSpan">Longest end of the text sought. REST: 16.</param>
/// <param name="MinSpan">Shortest end of the text sought. REST: 2.</param>
/// <param name="MaxHits">Places read at most; of more, evenly spaced ones are read. REST: 5,000.</param>
public sealed record RetrievalOptions(int Gamma, int Nodes = 64, int MaxSpan = 16, int MinSpan = 2, int MaxHits = 5000);

/// <summary>
/// Retrieval-based speculation (REST, He et al. 2024): the longest end of the text that occurs in a datastore is found in its
/// suffix array; the continuations there become a trie, and its most frequent prefixes the tree. Deterministic; nothing where
/// nothing matches.
/// </summary>
/// <param name="store">The datastore, shared by all requests.</param>
/// <param name="options">Settings.</param>
public sealed class RetrievalDrafter(SuffixArray store, RetrievalOptions options) : IDrafter
{
    /// <inheritdoc />
    public Proposal Propose(DecodedText text, IChance chance)
    {
        var tokens = text.Span;
        for (var span = Math.Min(options.MaxSpan, tokens.Length); span >= options.MinSpan; span--)
        {
            var (first, count) = store.Find(tokens[^span..]);
            if (count > 0)
            {
                return new Proposal(Tree(text.Last, first, count, span), DraftDraw.Deterministic);
            }
        }

        return Proposal.Empty(text.Last);
    }

    /// <inheritdoc />
    public void Observe(in Round round)
    {
    }

    private TokenTree Tree(int root, int first, int count, int span)
    {
        var trie = new Branch(0, 0);
        var read = Math.Min(count, options.MaxHits);
        for (var i = 0; i < read; i++)
        {
            var at = trie;
            foreach (var token in store.Continuation(first + (int)((long)i * count / read), span, options.Gamma))
            {
                at = at.Follow(token);
                at.Count++;
            }
        }

        // Best first; a prefix is at least as frequent as what extends it, so it is taken before.
        var tree = new TokenTree(root);
        var queue = new PriorityQueue<(Branch Branch, int Parent), (int Count, int Depth, int Parent, int Token)>();
        Offer(trie, 0);
        while (tree.Candidates < options.Nodes && queue.TryDequeue(out var best, out _))
        {
            Offer(best.Branch, tree.Add(best.Parent, best.Branch.Token));
        }

        return tree;

        void Offer(Branch branch, int node)
        {
            foreach (var child in branch.Children)
            {
                queue.Enqueue((child, node), (-child.Count, child.Depth, node, child.Token));
            }
        }
    }

    private sealed class Branch(int token, int depth)
    {
        private readonly SortedDictionary<int, Branch> children = [];

        public int Token => token;

        public int Depth => depth;

        public int Count { get; set; }

        public IEnumerable<Branch> Children => children.Values;

        public Branch Follow(int next)
        {
            if (!children.TryGetValue(next, out var child))
            {
                children.Add(next, child = new Branch(next, depth + 1));
            }

            return child;
        }
    }
}
