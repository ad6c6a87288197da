using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Verification;

/// <summary>
/// Medusa's typical acceptance (Cai et al. 2024): x stays where p(x) &gt; min(ε, δ·exp(-H(p))). Of all paths the longest accepted
/// prefix wins, ties by the larger Σ log p, then by the earlier node; the token after it is drawn from p. Lossy above
/// temperature 0; at 0 it is the greedy rule.
/// </summary>
/// <param name="epsilon">ε, Medusa's <c>posterior_threshold</c>, in (0, 1); its default is 0.09.</param>
/// <param name="delta">δ, Medusa's <c>posterior_alpha</c>, above 0; its default is 0.3. Give both by name: Medusa's own functions swap them.</param>
public sealed class TypicalVerifier(double epsilon, double delta) : IVerifier
{
    /// <inheritdoc />
    public string Name => "typical";

    /// <inheritdoc />
    public bool IsLossless(SamplingOptions sampling) => sampling.IsGreedy;

    /// <inheritdoc />
    public bool Supports(DraftDraw draw, bool isChain) => true;

    /// <summary>min(ε, δ·exp(-H)), H = -Σ p·ln(p + 1e-5) as in Medusa's utils.py.</summary>
    public static double Threshold(ReadOnlySpan<double> law, double epsilon, double delta)
    {
        var entropy = 0.0;
        foreach (var p in law)
        {
            if (p > 0)
            {
                entropy -= p * Math.Log(p + 1e-5);
            }
        }

        return Math.Min(epsilon, delta * Math.Exp(-entropy));
    }

    /// <inheritdoc />
    public Verdict Verify(Proposal proposal, ITargetLaw target, IChance chance)
    {
        var tree = proposal.Tree;
        var score = new double[tree.Count];
        var accepted = new bool[tree.Count];
        accepted[0] = true;
        var (best, evaluated) = (0, 0);
        var threshold = new double[tree.Count];
        for (var node = 1; node < tree.Count; node++)
        {
            var parent = tree.Parent(node);
            if (tree.IsProbe(node) || !accepted[parent])
            {
                continue;
            }

            evaluated++;
            var law = target.At(parent);
            threshold[parent] = threshold[parent] > 0 ? threshold[parent] : Threshold(law, epsilon, delta);
            var p = law[tree.Token(node)];
            accepted[node] = p > threshold[parent];
            score[node] = score[parent] + Math.Log(p);
            if (accepted[node] && (tree.Depth(node), score[node]).CompareTo((tree.Depth(best), score[best])) > 0)
            {
                best = node;
            }
        }

        return new(tree.Path(best), chance.Categorical(target.At(best)), evaluated);
    }
}
