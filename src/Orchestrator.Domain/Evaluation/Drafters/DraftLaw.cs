namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>How the children of a node came about; it decides which verifiers are lossless.</summary>
public enum DraftDraw
{
    /// <summary>Chosen without chance (greedy, top-k, n-gram, retrieval): each child's law is a point mass, q = 1.</summary>
    Deterministic,

    /// <summary>Each child drawn independently from the node's law; equal siblings may occur. A sampled chain is the case of one child.</summary>
    Independent,

    /// <summary>Children drawn one after another from the node's law without those drawn before, renormalised.</summary>
    WithoutReplacement,
}

/// <summary>The law q that the children of one node were really drawn from: dense or sparse. A point mass needs none (<see cref="DraftDraw.Deterministic"/>).</summary>
public abstract class DraftLaw
{
    /// <summary>q of a token; 0 for a token that the law does not know.</summary>
    public abstract double this[int token] { get; }

    /// <summary>Writes the law over a vocabulary.</summary>
    public abstract void CopyTo(Span<double> law);

    /// <summary>Replaces p by max(0, p - q·scale) in place; returns the sum of what is left.</summary>
    public abstract double Subtract(Span<double> residual, double scale);

    /// <summary>A law over the whole vocabulary.</summary>
    public static DraftLaw Dense(ReadOnlyMemory<double> probabilities) => new DenseLaw(probabilities);

    /// <summary>A law over few tokens.</summary>
    /// <param name="tokens">Distinct ids.</param>
    /// <param name="probabilities">One an id.</param>
    public static DraftLaw Sparse(ReadOnlyMemory<int> tokens, ReadOnlyMemory<double> probabilities) =>
        tokens.Length == probabilities.Length
            ? new SparseLaw(tokens, probabilities)
            : throw new ArgumentException($"There are {tokens.Length} tokens and {probabilities.Length} probabilities.", nameof(probabilities));

    private sealed class DenseLaw(ReadOnlyMemory<double> probabilities) : DraftLaw
    {
        public override double this[int token] => token < probabilities.Length ? probabilities.Span[token] : 0;

        public override void CopyTo(Span<double> law)
        {
            probabilities.Span.CopyTo(law);
            law[probabilities.Length..].Clear();
        }

        public override double Subtract(Span<double> residual, double scale)
        {
            var q = probabilities.Span;
            var left = 0.0;
            for (var i = 0; i < residual.Length; i++)
            {
                if (i < q.Length)
                {
                    residual[i] = Math.Max(0, residual[i] - (q[i] * scale));
                }

                left += residual[i];
            }

            return left;
        }
    }

    private sealed class SparseLaw(ReadOnlyMemory<int> tokens, ReadOnlyMemory<double> probabilities) : DraftLaw
    {
        public override double this[int token]
        {
            get
            {
                var place = tokens.Span.IndexOf(token);
                return place < 0 ? 0 : probabilities.Span[place];
            }
        }

        public override void CopyTo(Span<double> law)
        {
            law.Clear();
            for (var i = 0; i < tokens.Length; i++)
            {
                law[tokens.Span[i]] = probabilities.Span[i];
            }
        }

        public override double Subtract(Span<double> residual, double scale)
        {
            for (var i = 0; i < tokens.Length; i++)
            {
                var token = tokens.Span[i];
                residual[token] = Math.Max(0, residual[token] - (probabilities.Span[i] * scale));
            }

            var left = 0.0;
            foreach (var value in residual)
            {
                left += value;
            }

            return left;
        }
    }
}
