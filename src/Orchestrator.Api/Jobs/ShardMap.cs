using Orchestrator.Api.Http;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>
/// The state of every shard of a phase in a form that fits 100,000 of them into one answer. Example: 3 committed shards
/// followed by 5 pending ones are <c>runs: [2, 3, 0, 5]</c>.
/// </summary>
/// <param name="Total">Shards of the phase; the run lengths add up to it.</param>
/// <param name="States">Wire names; a state's place in the list is its number in <paramref name="Runs"/>.</param>
/// <param name="Runs">State, length, state, length, ... by shard index.</param>
public sealed record ShardMap(string Phase, int Total, IReadOnlyList<string> States, IReadOnlyList<int> Runs)
{
    private static readonly IReadOnlyList<string> Names = WireNames.All<ShardState>();

    /// <summary>Encodes shards that are ordered by index without gaps.</summary>
    public static ShardMap Of(string phase, IReadOnlyList<ShardRow> shards)
    {
        var runs = new List<int>();
        foreach (var shard in shards)
        {
            if (runs.Count > 0 && runs[^2] == (int)shard.State)
            {
                runs[^1]++;
            }
            else
            {
                runs.Add((int)shard.State);
                runs.Add(1);
            }
        }

        return new(phase, shards.Count, Names, runs);
    }
}
