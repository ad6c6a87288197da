using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Tracing;
using Orchestrator.Domain.Evaluation.Verification;

namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>
/// The loop of one request: prefill and first token, then rounds of propose, one target forward, verify, keep. The same code
/// runs in evaluations and under the exact certificate. The autoregressive baseline is <see cref="NoDrafter"/> in this loop.
/// </summary>
/// <param name="target">An empty sequence of the target; the caller disposes it.</param>
/// <param name="drafter">The family, new for each request.</param>
/// <param name="verifier">Must support the drafter's proposals.</param>
/// <param name="sampling">Processing of target and draft laws.</param>
/// <param name="limits">When to end.</param>
/// <param name="chance">Every random choice.</param>
/// <param name="time">Clock of the step trace; figures of acceptance do not depend on it.</param>
public sealed class SpeculativeDecoder(
    ICausalSequence target,
    IDrafter drafter,
    IVerifier verifier,
    SamplingOptions sampling,
    DecodeLimits limits,
    IChance chance,
    TimeProvider time)
{
    private static readonly TokenTree PromptEnd = new(0);
    private readonly List<StepTrace> steps = [];
    private readonly List<double> margins = [];

    /// <summary>Prompt and output so far.</summary>
    public DecodedText Text { get; private set; } = DecodedText.After([], sampling);

    /// <summary>Rounds so far. The first token comes from the prefill and belongs to no round.</summary>
    public IReadOnlyList<StepTrace> Steps => steps;

    /// <summary>Whether <see cref="Margins"/> are kept: a pass over the vocabulary a token, outside the timed parts. For the baseline of a greedy audit.</summary>
    public bool KeepMargins { get; init; }

    /// <summary>At each output token the target's best minus second-best logit, after the repetition penalty; empty where not kept.</summary>
    public IReadOnlyList<double> Margins => margins;

    /// <summary>Microseconds of the prefill, the draw of the first token included.</summary>
    public long PrefillMicroseconds { get; private set; }

    /// <summary>Why it ended; <see cref="DecodeEnd.None"/> while it goes on.</summary>
    public DecodeEnd End { get; private set; }

    /// <summary>Reads the prompt and emits the first token.</summary>
    /// <param name="prompt">At least one token.</param>
    public void Start(ReadOnlySpan<int> prompt)
    {
        if (prompt.IsEmpty)
        {
            throw new ArgumentException("A prompt has at least one token; begin it with the model's start token.", nameof(prompt));
        }

        var started = time.GetTimestamp();
        Text = DecodedText.After(prompt, sampling);
        var rows = target.Prefill(prompt);
        using var law = new ProcessedTarget(new RowView(rows, rows.Count - 1), PromptEnd, Text.Tokens, sampling);
        var first = sampling.IsGreedy ? SamplingLaw.ArgMax(law.At(0)) : chance.Categorical(law.At(0));
        if (drafter is IPrefillObserver observer)
        {
            observer.ObservePrefill(rows);
        }

        PrefillMicroseconds = Microseconds(started, time.GetTimestamp());
        KeepMargin(law, 0);
        Emit(first);
    }

    /// <summary>One round.</summary>
    /// <returns>False, and nothing done, where the request has ended.</returns>
    /// <exception cref="InvalidOperationException">The verifier does not support the proposal.</exception>
    public bool Step()
    {
        if (End != DecodeEnd.None)
        {
            return false;
        }

        if (target.Length >= target.Capacity)
        {
            End = DecodeEnd.ContextFull;
            return false;
        }

        var begun = time.GetTimestamp();
        using var proposal = Propose();
        var tree = proposal.Tree;
        var drafted = time.GetTimestamp();
        var rows = target.Forward(tree);
        var verified = time.GetTimestamp();
        using var law = new ProcessedTarget(rows, tree, Text.Tokens, sampling);
        var verdict = verifier.Verify(proposal, law, chance);
        drafter.Observe(new Round(proposal, rows, verdict));
        var accepted = time.GetTimestamp();
        KeepMargin(law, [0, .. verdict.Path]);
        var moving = time.GetTimestamp();
        target.Keep(verdict.Path as int[] ?? [.. verdict.Path]);
        var kept = time.GetTimestamp();

        // The law's history reads the text: it is not needed any more.
        var before = Text.OutputLength;
        foreach (var node in verdict.Path)
        {
            Emit(tree.Token(node));
        }

        Emit(verdict.Token);
        var emitted = Text.OutputLength - before;
        var last = verdict.Path.Count == 0 ? 0 : verdict.Path[^1];
        var ended = time.GetTimestamp();
        steps.Add(new StepTrace(
            tree.Candidates,
            tree.Count,
            tree.MaxDepth,
            verdict.Path.Count,
            verdict.Evaluated,
            tree.Candidates > 0 && tree.FirstChild(last) < 0,
            emitted,
            verdict.Path.Count + 1 - emitted,
            Microseconds(begun, drafted),
            Microseconds(drafted, verified),
            Microseconds(verified, accepted),
            Microseconds(moving, kept),
            Microseconds(kept, ended)));
        return true;
    }

    /// <summary>Starts and runs to the end.</summary>
    public void Run(ReadOnlySpan<int> prompt, CancellationToken cancellationToken)
    {
        Start(prompt);
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
        while (Step());
    }

    private void KeepMargin(ProcessedTarget law, params ReadOnlySpan<int> nodes)
    {
        if (KeepMargins)
        {
            foreach (var node in nodes)
            {
                margins.Add(law.Margin(node));
            }
        }
    }

    private void Emit(int token)
    {
        if (End != DecodeEnd.None)
        {
            if (KeepMargins)
            {
                margins.RemoveAt(margins.Count - 1);
            }

            return;
        }

        Text.Append(token);
        End = limits.EndTokens.Contains(token) ? DecodeEnd.EndToken
            : Text.OutputLength >= limits.MaxNewTokens ? DecodeEnd.Limit
            : DecodeEnd.None;
    }

    /// <summary>The trace of a finished request. One that ran out of context is not data.</summary>
    /// <param name="key">Which generation.</param>
    /// <param name="category">The prompt's category.</param>
    /// <param name="promptTokensCut">Tokens cut from the prompt beforehand.</param>
    /// <exception cref="InvalidOperationException">The request has not ended.</exception>
    public RequestTrace Trace(RequestKey key, string category, int promptTokensCut) => new(
        key,
        category,
        End switch
        {
            DecodeEnd.None => throw new InvalidOperationException("The request has not ended; there is no trace of it yet."),
            DecodeEnd.ContextFull => RequestOutcome.ContextFull,
            _ => RequestOutcome.Ok,
        },
        End == DecodeEnd.ContextFull ? $"the target's context of {target.Capacity} tokens is full" : null,
        Text.PromptLength,
        promptTokensCut,
        PrefillMicroseconds,
        Text.OutputLength,
        steps);

    private Proposal Propose()
    {
        var proposal = drafter.Propose(Text, chance);
        Check(proposal.Tree, proposal.Draw);
        if (proposal.Tree.Count <= target.Capacity - target.Length)
        {
            return proposal;
        }

        // Near the context's end every method goes on token by token, so that all outputs end where the baseline's does.
        proposal.Dispose();
        return Proposal.Empty(Text.Last);
    }

    private void Check(TokenTree tree, DraftDraw draw)
    {
        if (tree.Token(0) != Text.Last)
        {
            throw new InvalidOperationException($"The proposal's root is token {tree.Token(0)}, but the text ends with {Text.Last}.");
        }

        if (tree.Candidates > 0 && !verifier.Supports(draw, tree.IsChain))
        {
            throw new InvalidOperationException(
                $"The verifier '{verifier.Name}' is not made for {(tree.IsChain ? "chains" : "trees")} drawn '{draw}': choose another in the document.");
        }
    }

    private long Microseconds(long from, long to) => (long)(time.GetElapsedTime(from, to).Ticks / (double)TimeSpan.TicksPerMicrosecond);
}
