using System.Numerics.Tensors;

namespace Orchestrator.Domain.Curation.Dedup;

/// <summary>
/// SemDeDup's rule inside one cluster (arXiv 2303.09540; semdedup.py of its repository): members stand in order of preference,
/// and a member goes where an earlier one has a similarity above 1 - epsilon, whether that one stays or not.
/// </summary>
public static class SemDeDup
{
    /// <summary>Judges the members of a cluster.</summary>
    /// <param name="members">[count, dimension], best first, each row of length 1.</param>
    /// <param name="dimension">Floats of a row.</param>
    /// <param name="always">This many members at the front always stay: they belong to an earlier pool.</param>
    /// <param name="epsilon">In [0, 2].</param>
    /// <param name="cancellationToken">Observed at each member.</param>
    /// <returns>
    /// For each member -1 where it stays, else the member that stands for it: the most similar earlier one (the first among
    /// equals), followed to one that stays.
    /// </returns>
    public static int[] Judge(ReadOnlySpan<float> members, int dimension, int always, double epsilon, CancellationToken cancellationToken = default)
    {
        var count = members.Length / dimension;
        var of = new int[count];
        var limit = 1 - epsilon;
        for (var j = 0; j < count; j++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            of[j] = -1;
            if (j < always)
            {
                continue;
            }

            var row = members.Slice(j * dimension, dimension);
            var (nearest, similarity) = (-1, float.NegativeInfinity);
            for (var i = 0; i < j; i++)
            {
                var dot = TensorPrimitives.Dot(row, members.Slice(i * dimension, dimension));
                if (dot > similarity)
                {
                    (nearest, similarity) = (i, dot);
                }
            }

            if (similarity > limit)
            {
                of[j] = of[nearest] < 0 ? nearest : of[nearest];
            }
        }

        return of;
    }
}
