using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;

namespace Orchestrator.Domain.Tests.Evaluation.Support;

/// <summary>The known classes of error, each as one method that a certificate must catch. They exist in tests alone.</summary>
internal static class NegativeControls
{
    public static IReadOnlyList<Subject> All { get; } =
    [
        new("A greedy token, softmax q in the ratio", draft => new Misreported(new ScriptedDraft(draft), 2, greedy: true), new ChainVerifier(), 2),
        new("B raw q reported, processed q drawn", draft => new Misreported(new ScriptedDraft(draft), 2, greedy: false), new ChainVerifier(), 2),
        new("C bonus from unprocessed logits", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(1)), new RawBonus(), 1),
        new("D siblings without replacement, stale q", draft => new DraftTreeDrafter(new ScriptedDraft(draft), TreeShape.FromBranching([3]), DraftDraw.WithoutReplacement), new Multi(updateP: true), 1),
        new("E p not updated after a sibling's rejection", draft => new DraftTreeDrafter(new ScriptedDraft(draft), TreeShape.FromBranching([3]), DraftDraw.Independent), new Multi(updateP: false), 1),
        new("F rows of a tree attend to their cousins", draft => new DraftTreeDrafter(new ScriptedDraft(draft), new TreeShape([[0], [1], [1, 0]]), DraftDraw.Independent), new SpecInferVerifier(), 2)
        {
            Sequence = model => new CausalMask(model),
            Seeds = 3,
        },
        new("G rejected rows stay in the cache", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(1)), new ChainVerifier(), 1)
        {
            Sequence = model => new StaleCache(model),
        },
        new("H tokens behind the end token counted", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(2)), new ChainVerifier(), 2)
        {
            EndTokens = new HashSet<int> { 3 },
            DecoderEndTokens = new HashSet<int>(),
        },
        new("top-3 chosen, softmax q in the ratio", draft => new TopThree(new ScriptedDraft(draft)), new Multi(updateP: true), 1),
    ];

    /// <summary>The verifier of controls D and E.</summary>
    public static IVerifier WrongSiblings(bool updateP) => new Multi(updateP);

    /// <summary>A chain whose reported law is not the one that drew.</summary>
    private sealed class Misreported(IDraftNetwork network, int gamma, bool greedy) : IDrafter
    {
        public Proposal Propose(DecodedText text, IChance chance)
        {
            var tree = new TokenTree(text.Last);
            var proposal = new Proposal(tree, DraftDraw.Independent);
            var rows = network.Begin(text);
            for (var node = 0; tree.Candidates < gamma;)
            {
                var processed = new double[network.VocabularySize];
                SamplingLaw.Fill(rows.Row(0), text.Sampling, [.. text.Tokens, .. tree.PathTokens(node)], processed);
                var raw = new double[network.VocabularySize];
                SamplingLaw.Fill(rows.Row(0), new SamplingOptions(), [], raw);
                proposal.SetLaw(node, DraftLaw.Dense(greedy ? processed : raw));
                node = tree.Add(node, greedy ? Array.IndexOf(processed, processed.Max()) : chance.Categorical(processed));
                rows = network.Extend(tree, [node]);
            }

            return proposal;
        }

        public void Observe(in Round round)
        {
        }
    }

    /// <summary>The three likeliest tokens as if they had been drawn.</summary>
    private sealed class TopThree(IDraftNetwork network) : IDrafter
    {
        public Proposal Propose(DecodedText text, IChance chance)
        {
            var tree = new TokenTree(text.Last);
            var proposal = new Proposal(tree, DraftDraw.Independent);
            var law = new double[network.VocabularySize];
            SamplingLaw.Fill(network.Begin(text).Row(0), text.Sampling, text.Span, law);
            proposal.SetLaw(0, DraftLaw.Dense(law));
            foreach (var token in Enumerable.Range(0, law.Length).OrderByDescending(t => law[t]).Take(3))
            {
                tree.Add(0, token);
            }

            return proposal;
        }

        public void Observe(in Round round)
        {
        }
    }

    private sealed class RawBonus : IVerifier
    {
        public string Name => "raw bonus";

        public bool IsLossless(SamplingOptions sampling) => true;

        public bool Supports(DraftDraw draw, bool isChain) => true;

        public Verdict Verify(Proposal proposal, ITargetLaw target, IChance chance)
        {
            var verdict = new ChainVerifier().Verify(proposal, target, new BonusSkipper(chance, proposal.Tree.Candidates));
            if (verdict.Path.Count < proposal.Tree.Candidates)
            {
                return verdict;
            }

            var raw = new double[target.VocabularySize];
            SamplingLaw.Fill(((ProcessedTarget)target).Rows.Row(verdict.Path[^1]), new SamplingOptions(), [], raw);
            return verdict with { Token = chance.Categorical(raw) };
        }

        /// <summary>Passes draws on, but for the bonus, which is drawn again from the raw law.</summary>
        private sealed class BonusSkipper(IChance chance, int candidates) : IChance
        {
            private int accepted;

            public bool Bernoulli(double probability)
            {
                var accept = chance.Bernoulli(probability);
                accepted += accept ? 1 : 0;
                return accept;
            }

            public int Categorical(ReadOnlySpan<double> weights) => accepted == candidates ? 0 : chance.Categorical(weights);
        }
    }

    /// <summary>Sibling by sibling with q as first reported; with or without the residual after a rejection.</summary>
    private sealed class Multi(bool updateP) : IVerifier
    {
        public string Name => "wrong siblings";

        public bool IsLossless(SamplingOptions sampling) => true;

        public bool Supports(DraftDraw draw, bool isChain) => true;

        public Verdict Verify(Proposal proposal, ITargetLaw target, IChance chance)
        {
            var p = target.At(0).ToArray();
            var q = proposal.LawOf(0);
            var evaluated = 0;
            foreach (var child in proposal.Tree.Children(0))
            {
                evaluated++;
                var token = proposal.Tree.Token(child);
                if (chance.Bernoulli(p[token] / q[token]))
                {
                    return new([child], chance.Categorical(target.At(child)), evaluated);
                }

                if (updateP)
                {
                    var rest = p.Select((value, t) => Math.Max(0, value - q[t])).ToArray();
                    p = rest.Sum() > 0 ? [.. rest.Select(value => value / rest.Sum())] : p;
                }
            }

            return new([], chance.Categorical(p), evaluated);
        }
    }

    private sealed class CausalMask(ScriptedModel model) : ScriptedSequence(model)
    {
        protected override IEnumerable<int> Attended(TokenTree tree, int node) => Enumerable.Range(0, node + 1).Select(tree.Token);
    }

    private sealed class StaleCache(ScriptedModel model) : ScriptedSequence(model)
    {
        protected override IEnumerable<int> Kept(TokenTree tree, int[] path) => Enumerable.Range(0, tree.Count).Select(tree.Token);
    }
}
