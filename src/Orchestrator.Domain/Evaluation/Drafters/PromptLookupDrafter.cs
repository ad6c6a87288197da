using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>Which of several matches is continued; engines differ, so the rule is part of every result.</summary>
public enum LookupRule
{
    /// <summary>Hugging Face: longest n first, down to 1; the first match from the left; the draft is cut before an end token.</summary>
    HuggingFace,

    /// <summary>vLLM: longest n within the bounds; the earliest match.</summary>
    Earliest,

    /// <summary>Longest n within the bounds; the latest match.</summary>
    Newest,
}

/// <summary>
/// Prompt lookup (n-gram) decoding: the text's last n tokens are sought earlier in the text, and what followed them there is
/// proposed. A chain; deterministic; nothing where there is no match.
/// </summary>
/// <param name="ngram">Longest suffix sought, from 1.</param>
/// <param name="gamma">How many tokens.</param>
/// <param name="rule">Which match.</param>
/// <param name="minNgram">Shortest suffix sought; Hugging Face's rule always goes down to 1.</param>
/// <param name="endTokens">Tokens before which Hugging Face's rule cuts; null for none.</param>
public sealed class PromptLookupDrafter(
    int ngram, IGammaPolicy gamma, LookupRule rule, int minNgram = 1, IReadOnlySet<int>? endTokens = null) : IDrafter
{
    private readonly int shortest = rule == LookupRule.HuggingFace ? 1 : minNgram;

    /// <inheritdoc />
    public Proposal Propose(DecodedText text, IChance chance)
    {
        var tokens = text.Span;
        var tree = new TokenTree(text.Last);
        var at = Find(tokens, ngram, shortest, rule == LookupRule.Newest);
        if (at >= 0)
        {
            var node = 0;
            foreach (var token in tokens.Slice(at, Math.Min(gamma.Next, tokens.Length - at)))
            {
                if (rule == LookupRule.HuggingFace && endTokens is not null && endTokens.Contains(token))
                {
                    break;
                }

                node = tree.Add(node, token);
            }
        }

        return new Proposal(tree, DraftDraw.Deterministic);
    }

    /// <inheritdoc />
    public void Observe(in Round round) => gamma.Observe(round.Proposal.Tree.Candidates, round.Verdict.Path.Count);

    /// <summary>Where the continuation of the best match begins; -1 where there is none.</summary>
    internal static int Find(ReadOnlySpan<int> tokens, int longest, int shortest, bool newest)
    {
        // A match ends before the last token, so that something follows it; it may overlap the suffix.
        var earlier = tokens[..^1];
        for (var n = Math.Min(longest, earlier.Length); n >= shortest; n--)
        {
            var suffix = tokens[^n..];
            var match = newest ? earlier.LastIndexOf(suffix) : earlier.IndexOf(suffix);
            if (match >= 0)
            {
                return match + n;
            }
        }

        return -1;
    }
}
