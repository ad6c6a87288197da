namespace Orchestrator.Domain.Evaluation.Tracing;

/// <summary>
/// The tallies of a cell's generations, ordered by key. Merging parts is a union: associative, commutative and idempotent,
/// so neither sharding nor order nor a repeated part can change a byte of what is computed from it.
/// </summary>
public sealed class CellTally
{
    private readonly SortedDictionary<RequestKey, RequestTally> requests = [];

    /// <summary>Tallies in order of their keys.</summary>
    public IReadOnlyCollection<RequestTally> Requests => requests.Values;

    /// <summary>Tallies of traces.</summary>
    /// <exception cref="InvalidDataException">A trace contradicts itself, or two differ for one key.</exception>
    public static CellTally Of(IEnumerable<RequestTrace> traces)
    {
        var cell = new CellTally();
        foreach (var trace in traces)
        {
            cell.Add(RequestTally.Of(trace));
        }

        return cell;
    }

    /// <summary>The union of two parts; neither is changed.</summary>
    /// <exception cref="InvalidDataException">They hold different tallies of one generation.</exception>
    public static CellTally Merge(CellTally first, CellTally second)
    {
        var merged = new CellTally();
        foreach (var tally in first.requests.Values.Concat(second.requests.Values))
        {
            merged.Add(tally);
        }

        return merged;
    }

    /// <summary>The generations of one category.</summary>
    public CellTally OfCategory(string category)
    {
        var part = new CellTally();
        foreach (var tally in requests.Values.Where(t => t.Category == category))
        {
            part.Add(tally);
        }

        return part;
    }

    private void Add(RequestTally tally)
    {
        tally.Check();
        if (!requests.TryAdd(tally.Key, tally) && !requests[tally.Key].Equals(tally))
        {
            throw new InvalidDataException(
                $"There are two different traces of prompt {tally.Key.Prompt}, turn {tally.Key.Turn}, sample {tally.Key.Sample}: only one committed attempt may be merged.");
        }
    }
}
