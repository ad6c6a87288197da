namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>
/// The target's joint law of first tokens over buckets, for vocabularies whose full joint law cannot be written down. Likely
/// prefixes are followed token by token; what is unlikely after one of them shares a bucket, as does what rounding may cut after
/// it. Every output is in exactly one bucket, and the probability of each is exact: it is a product of the target's processed laws.
/// </summary>
public sealed class PrefixLaw
{
    private const string Rest = " …";
    private const string Overshoot = " beyond the end";
    private readonly Dictionary<string, (double[] P, IReadOnlySet<int> AtCut)> followed = new(StringComparer.Ordinal);
    private readonly double least;
    private readonly IReadOnlySet<int> endTokens;

    private PrefixLaw(int length, double least, IReadOnlySet<int> endTokens) => (Length, this.least, this.endTokens) = (length, least, endTokens);

    /// <summary>Tokens of the joint law.</summary>
    public int Length { get; }

    /// <summary>Buckets with their probabilities.</summary>
    public SequenceLaw Law { get; } = new();

    /// <summary>Prefixes that were followed: forwards of the target.</summary>
    public int Followed => followed.Count;

    /// <summary>Follows the target.</summary>
    /// <param name="next">The processed law after the prompt and these output tokens.</param>
    /// <param name="length">Tokens, from 1.</param>
    /// <param name="endTokens">Ids that end an output.</param>
    /// <param name="least">Prefixes less likely than this are not followed, in (0, 1]; with N draws, 5/N: rarer ones are pooled by the test anyway.</param>
    /// <param name="most">Prefixes followed at most, likeliest first.</param>
    public static PrefixLaw Of(Func<IReadOnlyList<int>, double[]> next, int length, IReadOnlySet<int> endTokens, double least, int most = 256)
    {
        return Of(prefix => new TargetLaw(next(prefix), TargetLaw.Sure), length, endTokens, least, most);
    }

    /// <summary>Follows a target whose rounding matters: a token at a cut is in the bucket of the rest, and behind a law in doubt nothing is told apart.</summary>
    /// <inheritdoc cref="Of(Func{IReadOnlyList{int}, double[]}, int, IReadOnlySet{int}, double, int)"/>
    public static PrefixLaw Of(Func<IReadOnlyList<int>, TargetLaw> next, int length, IReadOnlySet<int> endTokens, double least, int most = 256)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(least);
        var law = new PrefixLaw(length, least, endTokens);
        var queue = new PriorityQueue<(int[] Prefix, double Probability), (double, string)>();
        queue.Enqueue(([], 1), (-1, ""));
        for (var asked = 0; queue.TryDequeue(out var node, out _); asked++)
        {
            if (asked >= most || next(node.Prefix) is not { AtCut: { } atCut, Law: var p })
            {
                law.Law.Add(Name(node.Prefix) + Rest, node.Probability);
                continue;
            }

            law.followed.Add(Name(node.Prefix), (p, atCut));
            for (var token = 0; token < p.Length; token++)
            {
                if (p[token] <= 0)
                {
                    continue;
                }

                int[] child = [.. node.Prefix, token];
                var probability = node.Probability * p[token];
                if (atCut.Contains(token))
                {
                    law.Law.Add(Name(node.Prefix) + Rest, probability);
                }
                else if (law.IsWhole(child))
                {
                    law.Law.Add(SequenceLaw.NameOf(child, length), probability);
                }
                else if (probability >= least)
                {
                    queue.Enqueue((child, probability), (-probability, Name(child)));
                }
                else
                {
                    law.Law.Add(Name(node.Prefix) + Rest, probability);
                }
            }
        }

        return law;
    }

    /// <summary>The bucket of an output.</summary>
    /// <param name="output">Its tokens; those behind <see cref="Length"/> do not matter.</param>
    public string BucketOf(IReadOnlyList<int> output)
    {
        var prefix = new List<int>();
        var probability = 1.0;
        while (followed.TryGetValue(Name(prefix), out var known))
        {
            if (prefix.Count == output.Count)
            {
                // It ended where no end token is: no bucket of the law has this name.
                return Name(prefix) + ".";
            }

            var token = output[prefix.Count];
            probability *= known.P[token];
            var parent = Name(prefix);
            if (known.AtCut.Contains(token))
            {
                return parent + Rest;
            }

            prefix.Add(token);
            if (IsWhole(prefix))
            {
                return SequenceLaw.NameOf(prefix, Length) + (prefix.Count < Length && output.Count > prefix.Count ? Overshoot : "");
            }

            if (probability < least)
            {
                return parent + Rest;
            }
        }

        return Name(prefix) + Rest;
    }

    private bool IsWhole(IReadOnlyList<int> output) => output.Count == Length || endTokens.Contains(output[^1]);

    private static string Name(IEnumerable<int> tokens) => string.Join(' ', tokens);
}
