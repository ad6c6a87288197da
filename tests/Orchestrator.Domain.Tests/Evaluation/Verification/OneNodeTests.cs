using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Domain.Tests.Evaluation.Support;

namespace Orchestrator.Domain.Tests.Evaluation.Verification;

/// <summary>
/// One node, six tokens, three children: the acceptance of each verifier, by enumeration of the real code, against numpy's
/// closed forms over 200 pairs of laws. The pairs' spread is chosen so that the means come near the published .917, .967, .872.
/// </summary>
public sealed class OneNodeTests
{
    private static readonly System.Text.Json.JsonElement Nodes = VectorFile.Read("Evaluation", "Vectors", "one_node.json");

    [Theory]
    [InlineData("specinfer", 0.917)]
    [InlineData("sequoia", 0.967)]
    [InlineData("pointMass", 0.872)]
    public void Acceptance_TwoHundredNodes_IsNumpys(string name, double published)
    {
        var sum = 0.0;
        foreach (var node in Nodes.EnumerateArray())
        {
            var (p, q) = Laws(node);
            var (accepted, law) = Enumerate(name, p, q);
            Assert.Equal(node.GetProperty(name).GetDouble(), accepted, 1e-12);
            Assert.True(TeacherForced.TotalVariation(law, p) < 1e-14);
            sum += accepted;
        }

        Assert.Equal(200, Nodes.GetArrayLength());
        Assert.Equal(published, sum / 200, 0.005);
    }

    /// <summary>Wrong verifiers accept more than the right one of the same draw: acceptance is no evidence without the law.</summary>
    [Theory]
    [InlineData("staleQ", "sequoia")]
    [InlineData("staleP", "specinfer")]
    public void WrongVerifier_AcceptsMore_AndMissesTheLaw(string wrong, string right)
    {
        var (more, most) = (0.0, 0.0);
        foreach (var node in Nodes.EnumerateArray())
        {
            var (p, q) = Laws(node);
            var (accepted, law) = Enumerate(wrong, p, q);
            Assert.Equal(node.GetProperty(wrong).GetDouble(), accepted, 1e-12);
            Assert.Equal(node.GetProperty(wrong + "Distance").GetDouble(), TeacherForced.TotalVariation(law, p), 1e-12);
            more += accepted - node.GetProperty(right).GetDouble();
            most = Math.Max(most, TeacherForced.TotalVariation(law, p));
        }

        Assert.True(more / 200 > 0.01);
        Assert.True(most > 0.03);
    }

    /// <summary>The closed form for logged rows of real models gives the same law as the enumerated verifier.</summary>
    [Fact]
    public void RejectionLaw_OwnLaw_IsTheTarget_AndAnotherIsNot()
    {
        foreach (var node in Nodes.EnumerateArray())
        {
            var (p, q) = Laws(node);
            Assert.True(TeacherForced.TotalVariation(TeacherForced.RejectionLaw(p, q, q, 3), p) < 1e-14);
            Assert.True(TeacherForced.TotalVariation(TeacherForced.RejectionLaw(p, q, q), p) < 1e-14);
            var greedy = new double[6];
            greedy[Array.IndexOf(q, q.Max())] = 1;
            Assert.True(TeacherForced.TotalVariation(TeacherForced.RejectionLaw(p, greedy, q), p) > 1e-3);
        }
    }

    private static (double Accepted, double[] Law) Enumerate(string name, double[] p, double[] q)
    {
        var chance = new EnumeratedChance();
        chance.Fix([]);
        var (accepted, law) = (0.0, new double[p.Length]);
        do
        {
            chance.Restart();
            var tree = new TokenTree(0);
            var proposal = new Proposal(tree, DrawOf(name));
            proposal.SetLaw(0, DraftLaw.Dense(q));
            var left = (double[])q.Clone();
            foreach (var best in Enumerable.Range(0, q.Length).OrderByDescending(t => q[t]).Take(3))
            {
                var token = name == "pointMass" ? best : chance.Categorical(left);
                left[token] = proposal.Draw == DraftDraw.WithoutReplacement ? 0 : left[token];
                tree.Add(0, token);
            }

            var verdict = VerifierOf(name).Verify(proposal, new RootOnly(p), chance);
            accepted += verdict.Path.Count > 0 ? chance.Weight : 0;
            law[verdict.Path.Count > 0 ? tree.Token(verdict.Path[0]) : verdict.Token] += chance.Weight;
        }
        while (chance.Advance());
        return (accepted, law);
    }

    private static DraftDraw DrawOf(string name) => name switch
    {
        "specinfer" or "staleP" => DraftDraw.Independent,
        "sequoia" or "staleQ" => DraftDraw.WithoutReplacement,
        _ => DraftDraw.Deterministic,
    };

    private static IVerifier VerifierOf(string name) => name switch
    {
        "specinfer" => new SpecInferVerifier(),
        "sequoia" => new SequoiaVerifier(),
        "staleQ" => NegativeControls.WrongSiblings(updateP: true),
        "staleP" => NegativeControls.WrongSiblings(updateP: false),
        _ => new PointMassVerifier(),
    };

    private static (double[] P, double[] Q) Laws(System.Text.Json.JsonElement node) => (Law(node, "target"), Law(node, "draft"));

    private static double[] Law(System.Text.Json.JsonElement node, string name)
    {
        var law = new double[6];
        SamplingLaw.Fill(node.Values<float>(name), new SamplingOptions(), [], law);
        return law;
    }

    /// <summary>p at the root; below it, where nothing is measured, the first token for certain.</summary>
    private sealed class RootOnly(double[] p) : ITargetLaw
    {
        private static readonly double[] Certain = [1, 0, 0, 0, 0, 0];

        public int VocabularySize => p.Length;

        public ReadOnlySpan<double> At(int node) => node == 0 ? p : Certain;
    }
}
