namespace Orchestrator.Domain.Evaluation.Tracing;

/// <summary>
/// One round as it happened: the only source of every figure. Counts are per round; the wall-clock parts are microseconds
/// and take no part in figures of acceptance.
/// </summary>
/// <param name="Drafted">Candidates proposed (γ of a chain).</param>
/// <param name="TreeNodes">Rows the target read: root, candidates and probes.</param>
/// <param name="Depth">Deepest candidate; positions 1..Depth could be accepted. Equals <paramref name="Drafted"/> for a chain.</param>
/// <param name="Accepted">Candidates accepted.</param>
/// <param name="Evaluated">Candidates accepted or rejected.</param>
/// <param name="Bonus">True where something was drafted and the accepted path ends at a leaf; else the last token is a correction, or nothing was drafted.</param>
/// <param name="Emitted">Tokens appended to the output, the last one included.</param>
/// <param name="Truncated">Tokens decided but cut behind an end token or at the limit: Accepted + 1 - Emitted.</param>
/// <param name="DraftMicroseconds">Proposing.</param>
/// <param name="VerifyMicroseconds">The target's forward.</param>
/// <param name="AcceptMicroseconds">The verifier, and the drafter's reading of its verdict.</param>
/// <param name="CacheMicroseconds">Moving and dropping cache rows.</param>
/// <param name="HostMicroseconds">The rest of the round: bookkeeping of the loop itself.</param>
public readonly record struct StepTrace(
    int Drafted,
    int TreeNodes,
    int Depth,
    int Accepted,
    int Evaluated,
    bool Bonus,
    int Emitted,
    int Truncated,
    long DraftMicroseconds,
    long VerifyMicroseconds,
    long AcceptMicroseconds,
    long CacheMicroseconds,
    long HostMicroseconds = 0)
{
    /// <summary>All parts of the round.</summary>
    public long Microseconds => DraftMicroseconds + VerifyMicroseconds + AcceptMicroseconds + CacheMicroseconds + HostMicroseconds;

    /// <summary>What cannot be, in words; null where the step is consistent.</summary>
    public string? Contradiction() =>
        Drafted < 0 || Depth < 0 || Accepted < 0 ? "a count is negative"
        : Accepted > Depth ? $"{Accepted} accepted, but the tree is {Depth} deep"
        : Depth > Drafted ? $"depth {Depth} with {Drafted} drafted"
        : (Depth == 0) != (Drafted == 0) ? $"{Drafted} drafted at depth {Depth}"
        : TreeNodes < Drafted + 1 ? $"{TreeNodes} rows read for {Drafted} candidates and the root"
        : Evaluated < Accepted || Evaluated > Drafted ? $"{Evaluated} evaluated is not between {Accepted} accepted and {Drafted} drafted"
        : Bonus && Accepted == 0 ? "a bonus token without an accepted one"
        : !Bonus && Accepted > 0 && Accepted == Drafted ? "everything was accepted, yet the last token is not a bonus"
        : Emitted < 1 ? "a round emits at least one token"
        : Truncated < 0 || Emitted != Accepted + 1 - Truncated ? $"{Emitted} emitted, but {Accepted} accepted + 1 - {Truncated} truncated"
        : DraftMicroseconds < 0 || VerifyMicroseconds < 0 || AcceptMicroseconds < 0 || CacheMicroseconds < 0 || HostMicroseconds < 0 ? "a duration is negative"
        : null;
}
