namespace Orchestrator.Worker.Curation.Report;

/// <summary>Where a sample stands in the score parts.</summary>
/// <param name="Part">Position of its part.</param>
/// <param name="Row">Index in the part.</param>
internal readonly record struct SamplePlace(int Part, long Row);

/// <summary>The few samples with the highest, or the lowest, scores of a stream; among equals the first ones.</summary>
/// <param name="highest">Which end.</param>
/// <param name="most">How many.</param>
internal sealed class Extremes(bool highest, int most)
{
    private readonly List<(float Score, SamplePlace Place)> _best = new(most + 1);

    /// <summary>The places, best first.</summary>
    public IEnumerable<SamplePlace> Places => _best.Select(b => b.Place);

    /// <summary>Takes a sample into account. Samples come in the order of parts and rows.</summary>
    public void Add(float score, SamplePlace place)
    {
        if (!float.IsFinite(score))
        {
            return;
        }

        var at = _best.Count;
        while (at > 0 && (highest ? score > _best[at - 1].Score : score < _best[at - 1].Score))
        {
            at--;
        }

        if (at < most)
        {
            _best.Insert(at, (score, place));
            if (_best.Count > most)
            {
                _best.RemoveAt(most);
            }
        }
    }
}
