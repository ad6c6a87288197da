namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>Sums over the rounds of one or more generations; parts add.</summary>
/// <param name="Positions">Rounds whose next token has a law in closed form.</param>
/// <param name="TotalVariation">Sum of the distances of that law from the target's.</param>
/// <param name="Largest">Largest of these distances.</param>
/// <param name="Divergence">Sum of Kullback-Leibler divergences from the target's law, in nats.</param>
/// <param name="Overlap">Sum of the probabilities that a first candidate is accepted: Σ min(p, q), or p of all point masses. The acceptance without sampling noise.</param>
/// <param name="AcceptedByRank">At r: nodes whose child of rank r was accepted.</param>
/// <param name="OfferedByRank">At r: nodes reached that had a child of rank r.</param>
public sealed record RoundObservations(
    long Positions, double TotalVariation, double Largest, double Divergence, double Overlap, IReadOnlyList<long> AcceptedByRank, IReadOnlyList<long> OfferedByRank)
{
    /// <summary>Distance up to which laws of a method that claims to be lossless count as equal: rounding over large vocabularies.</summary>
    public const double Tolerance = 1e-9;

    /// <summary>Nothing seen.</summary>
    public static RoundObservations None { get; } = new(0, 0, 0, 0, 0, [], []);

    /// <summary>Mean total variation a round; NaN where no round has a closed form.</summary>
    public double MeanTotalVariation => Positions == 0 ? double.NaN : TotalVariation / Positions;

    /// <summary>Mean divergence a round in nats; NaN as above.</summary>
    public double MeanDivergence => Positions == 0 ? double.NaN : Divergence / Positions;

    /// <summary>Mean probability that a round's first token is accepted; NaN as above. Nothing for typical acceptance, which has no such law.</summary>
    public double MeanOverlap => Positions == 0 || Overlap == 0 ? double.NaN : Overlap / Positions;

    /// <summary>Share of nodes offering a child of rank r that accepted it, by rank: what Sequoia's search takes.</summary>
    public IReadOnlyList<double> AcceptanceByRank => [.. AcceptedByRank.Select((count, rank) => (double)count / OfferedByRank[rank])];

    /// <summary>Sums of parts, in the order given: rounding then does not depend on how the parts were made.</summary>
    public static RoundObservations Sum(IEnumerable<RoundObservations> parts)
    {
        var (positions, distance, largest, divergence, overlap) = (0L, 0.0, 0.0, 0.0, 0.0);
        List<long> accepted = [], offered = [];
        foreach (var part in parts)
        {
            positions += part.Positions;
            distance += part.TotalVariation;
            largest = Math.Max(largest, part.Largest);
            divergence += part.Divergence;
            overlap += part.Overlap;
            for (var rank = 0; rank < part.OfferedByRank.Count; rank++)
            {
                if (rank == offered.Count)
                {
                    accepted.Add(0);
                    offered.Add(0);
                }

                accepted[rank] += part.AcceptedByRank[rank];
                offered[rank] += part.OfferedByRank[rank];
            }
        }

        return new(positions, distance, largest, divergence, overlap, accepted, offered);
    }
}
