using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;

namespace Orchestrator.Tests.Shared;

/// <summary>A chain whose reported law is not the one that drew.</summary>
public sealed class MisreportedChain(IDraftNetwork network, int gamma, bool greedy) : IDrafter
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
public sealed class TopThreeAsDrawn(IDraftNetwork network) : IDrafter
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

/// <summary>A chain whose bonus token is drawn from unprocessed logits.</summary>
public sealed class RawBonusVerifier : IVerifier
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
public sealed class WrongSiblingsVerifier(bool updateP) : IVerifier
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
