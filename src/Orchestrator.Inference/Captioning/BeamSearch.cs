namespace Orchestrator.Inference.Captioning;

/// <summary>Beam search of a batch of captions, as transformers 4.15 (BLIP's version) does it.</summary>
/// <remarks>
/// Scores are sums of log probabilities, and a finished caption counts by its sum over its length, prompt included and end token not
/// (length penalty 1). Each step looks at the 2k best continuations of a caption's k beams; an end token among the best k finishes a
/// hypothesis, the others keep k beams alive. A caption is done when it has k hypotheses of which none is worse than the best any
/// open beam stands at (early_stopping false).
/// </remarks>
internal static class BeamSearch
{
    private const double Never = -1e9;

    /// <summary>The best sequence of each image: prompt, tokens, and the end token where there was one.</summary>
    public static List<int>[] Run(CaptionDecoder decoder, ImageStates states, int[] prompt, int end, int pad, CaptionOptions options)
    {
        var (images, beams) = (states.Count, options.Beams);
        var rows = images * beams;
        using var cache = decoder.Start(states.Select([.. Enumerable.Range(0, rows).Select(r => r / beams)]));
        var captions = new Hypotheses[images];
        var sequences = new List<int>[rows];
        var sums = new double[rows];
        for (var row = 0; row < rows; row++)
        {
            sequences[row] = [.. prompt];
            // The beams of an image begin equal: only the first may spread, or the same tokens would fill all of them.
            sums[row] = row % beams == 0 ? 0 : Never;
            captions[row / beams] ??= new Hypotheses(beams);
        }

        var next = sequences.SelectMany(s => s.Select(id => (long)id)).ToArray();
        while (sequences[0].Count < options.MaxLength && captions.Any(c => !c.Done))
        {
            var scores = decoder.Step(cache, next);
            var width = scores.Length / rows;
            next = new long[rows];
            var from = Enumerable.Range(0, rows).ToArray();
            var grown = new List<int>[rows];
            for (var image = 0; image < images; image++)
            {
                var first = image * beams;
                if (captions[image].Done)
                {
                    for (var row = first; row < first + beams; row++)
                    {
                        (grown[row], next[row]) = ([.. sequences[row], pad], pad);
                    }

                    continue;
                }

                for (var row = first; row < first + beams; row++)
                {
                    var own = scores.AsSpan(row * width, width);
                    TokenScores.LogSoftmax(own);
                    TokenScores.PenaliseRepetition(own, sequences[row], options.Penalty);
                    TokenScores.ForbidEnd(own, sequences[row].Count, options.MinLength, end);
                }

                var best = Best(scores.AsSpan(first * width, beams * width), sums.AsSpan(first, beams), width, 2 * beams);
                var kept = 0;
                var open = new double[beams];
                for (var rank = 0; rank < best.Count && kept < beams; rank++)
                {
                    var (sum, beam, id) = best[rank];
                    if (id == end)
                    {
                        if (rank < beams)
                        {
                            captions[image].Add(sequences[first + beam], sum, ended: true);
                        }

                        continue;
                    }

                    (from[first + kept], next[first + kept], open[kept]) = (first + beam, id, sum);
                    grown[first + kept] = [.. sequences[first + beam], id];
                    kept++;
                }

                open.CopyTo(sums.AsSpan(first));
                captions[image].Close(best[0].Sum, sequences[first].Count);
            }

            cache.Reorder(from);
            sequences = grown;
        }

        return [.. captions.Select((caption, image) => caption.Finish(sequences, sums, image * beams, end))];
    }

    /// <summary>The best continuations of an image's beams, best first; ties go to the earlier beam and the smaller id.</summary>
    private static List<(double Sum, int Beam, int Id)> Best(ReadOnlySpan<float> scores, ReadOnlySpan<double> sums, int width, int count)
    {
        var queue = new PriorityQueue<(double Sum, int At), (double Sum, int Order)>();
        for (var at = 0; at < scores.Length; at++)
        {
            // Single precision, as torch adds them: ties fall the same way.
            double sum = (float)sums[at / width] + scores[at];
            if (queue.Count < count)
            {
                queue.Enqueue((sum, at), (sum, -at));
            }
            else if (sum > queue.Peek().Sum)
            {
                queue.DequeueEnqueue((sum, at), (sum, -at));
            }
        }

        var best = new List<(double, int, int)>(queue.Count);
        while (queue.TryDequeue(out var item, out _))
        {
            best.Add((item.Sum, item.At / width, item.At % width));
        }

        best.Reverse();
        return best;
    }

    /// <summary>The finished captions of one image, at most as many as beams.</summary>
    private sealed class Hypotheses(int beams)
    {
        private readonly List<(double Score, List<int> Ids, bool Ended)> _kept = [];

        public bool Done { get; private set; }

        public void Add(List<int> ids, double sum, bool ended)
        {
            var score = sum / ids.Count;
            if (_kept.Count == beams)
            {
                var worst = _kept.MinBy(h => h.Score);
                if (score <= worst.Score)
                {
                    return;
                }

                _kept.Remove(worst);
            }

            _kept.Add((score, ids, ended));
        }

        public void Close(double bestOpen, int length) => Done |= _kept.Count == beams && _kept.Min(h => h.Score) >= bestOpen / length;

        public List<int> Finish(List<int>[] sequences, double[] sums, int first, int end)
        {
            for (var beam = 0; !Done && beam < beams; beam++)
            {
                Add(sequences[first + beam], sums[first + beam], ended: false);
            }

            var (_, ids, ended) = _kept.MaxBy(h => h.Score);
            return ended ? [.. ids, end] : ids;
        }
    }
}
