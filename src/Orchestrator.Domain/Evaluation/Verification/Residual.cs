using System.Buffers;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Verification;

/// <summary>The target law at one node while children are being rejected: p, then norm(max(0, p - q)), and so on.</summary>
/// <remarks>Starts with p itself, which is copied only when something is rejected.</remarks>
internal sealed class Residual(ITargetLaw target, int node) : IDisposable
{
    private double[]? copy;

    /// <summary>The law as it is now, summing to 1.</summary>
    public ReadOnlySpan<double> Law => copy is null ? target.At(node) : copy.AsSpan(0, target.VocabularySize);

    /// <summary>Replaces the law by norm(max(0, law - q·scale)).</summary>
    /// <remarks>Where nothing is left, q covered p: a rejection then has probability 0 up to rounding, and the law stays.</remarks>
    public void Subtract(DraftLaw q, double scale)
    {
        var original = target.At(node);
        if (copy is null)
        {
            copy = ArrayPool<double>.Shared.Rent(original.Length);
            original.CopyTo(copy);
        }

        var law = copy.AsSpan(0, original.Length);
        var left = q.Subtract(law, scale);
        if (!(left > 0))
        {
            original.CopyTo(law);
            return;
        }

        foreach (ref var value in law)
        {
            value /= left;
        }
    }

    /// <summary>Gives the copy back.</summary>
    public void Dispose()
    {
        if (copy is not null)
        {
            ArrayPool<double>.Shared.Return(copy);
            copy = null;
        }
    }
}
