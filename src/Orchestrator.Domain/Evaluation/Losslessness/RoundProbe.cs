using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;

namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>
/// Looks over the shoulder of a drafter and a verifier while they decode with real models. At the root of every round it
/// computes the law of the next token in closed form from the target's law, the law that the drafter reported and the one that
/// the token was really drawn from, as the drafter passed it to chance; and it counts which sibling was accepted. Changes no
/// draw and no decision.
/// </summary>
public sealed class RoundProbe
{
    private readonly List<long> accepted = [];
    private readonly List<long> offered = [];
    private double[]? drawn;
    private long positions;
    private double totalVariation;
    private double largest;
    private double divergence;
    private double overlap;

    /// <summary>What was seen so far.</summary>
    public RoundObservations Observations => new(positions, totalVariation, largest, divergence, overlap, [.. accepted], [.. offered]);

    /// <summary>The drafter, watched.</summary>
    public IDrafter Watch(IDrafter drafter) => new WatchedDrafter(this, drafter);

    /// <summary>The verifier, watched.</summary>
    public IVerifier Watch(IVerifier verifier) => new WatchedVerifier(this, verifier);

    /// <summary>The law of the next token at the root; null where the verifier has no closed form there.</summary>
    private double[]? LawOf(IVerifier verifier, Proposal proposal, ReadOnlySpan<double> p, Verdict verdict)
    {
        var children = proposal.Tree.Children(0);
        switch (verifier)
        {
            case TypicalVerifier:
                // Which candidate wins depends on the whole tree, but not on chance: the law is a point, or p itself.
                if (verdict.Path.Count == 0)
                {
                    return p.ToArray();
                }

                return Point(p.Length, proposal.Tree.Token(verdict.Path[0]));
            case ChainVerifier or SpecInferVerifier:
            case SequoiaVerifier when children.Count == 1:
                if (drawn is null && children.Count > 1)
                {
                    return null;
                }

                var reported = new double[p.Length];
                proposal.LawOf(0).CopyTo(reported);
                overlap += TeacherForced.Overlap(p, reported);
                return TeacherForced.RejectionLaw(p, drawn ?? Point(p.Length, proposal.Tree.Token(children[0])), reported, children.Count);
            case PointMassVerifier:
                int[] tokens = [.. children.Select(proposal.Tree.Token)];
                foreach (var token in tokens.Distinct())
                {
                    overlap += p[token];
                }

                return TeacherForced.PointMassLaw(p, tokens);
            default:
                return null;
        }
    }

    private void Observe(IVerifier verifier, Proposal proposal, ITargetLaw target, Verdict verdict)
    {
        var tree = proposal.Tree;
        if (tree.Candidates == 0)
        {
            return;
        }

        CountRanks(tree, verdict.Path);
        var p = target.At(0);
        if (LawOf(verifier, proposal, p, verdict) is not { } law)
        {
            return;
        }

        var distance = TeacherForced.TotalVariation(law, p);
        positions++;
        totalVariation += distance;
        largest = Math.Max(largest, distance);
        divergence += TeacherForced.Divergence(law, p);
    }

    /// <summary>The law of a token that no chance took part in.</summary>
    private static double[] Point(int vocabulary, int token)
    {
        var point = new double[vocabulary];
        point[token] = 1;
        return point;
    }

    private void CountRanks(TokenTree tree, IReadOnlyList<int> path)
    {
        var node = 0;
        for (var depth = 0; ; depth++)
        {
            var children = tree.Children(node);
            for (var rank = 0; rank < children.Count; rank++)
            {
                if (rank == offered.Count)
                {
                    offered.Add(0);
                    accepted.Add(0);
                }

                offered[rank]++;
                accepted[rank] += depth < path.Count && children[rank] == path[depth] ? 1 : 0;
            }

            if (depth == path.Count)
            {
                return;
            }

            node = path[depth];
        }
    }

    private sealed class WatchedDrafter(RoundProbe probe, IDrafter drafter) : IDrafter, IPrefillObserver
    {
        public Proposal Propose(DecodedText text, IChance chance)
        {
            var watched = new WatchedChance(chance);
            var proposal = drafter.Propose(text, watched);
            probe.drawn = watched.First;
            return proposal;
        }

        public void Observe(in Round round) => drafter.Observe(round);

        public void ObservePrefill(ILogitRows rows) => (drafter as IPrefillObserver)?.ObservePrefill(rows);
    }

    private sealed class WatchedVerifier(RoundProbe probe, IVerifier verifier) : IVerifier
    {
        public string Name => verifier.Name;

        public bool IsLossless(SamplingOptions sampling) => verifier.IsLossless(sampling);

        public bool Supports(DraftDraw draw, bool isChain) => verifier.Supports(draw, isChain);

        public Verdict Verify(Proposal proposal, ITargetLaw target, IChance chance)
        {
            var verdict = verifier.Verify(proposal, target, chance);
            probe.Observe(verifier, proposal, target, verdict);
            return verdict;
        }
    }

    /// <summary>Passes draws on; keeps the law of the first, which is that of the root's first child.</summary>
    private sealed class WatchedChance(IChance chance) : IChance
    {
        public double[]? First { get; private set; }

        public bool Bernoulli(double probability) => chance.Bernoulli(probability);

        public int Categorical(ReadOnlySpan<double> weights)
        {
            if (First is null)
            {
                First = weights.ToArray();
                var total = First.Sum();
                for (var i = 0; i < First.Length; i++)
                {
                    First[i] /= total;
                }
            }

            return chance.Categorical(weights);
        }
    }
}
