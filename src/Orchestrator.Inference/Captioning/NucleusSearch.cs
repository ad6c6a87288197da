using Orchestrator.Domain.Statistics;

namespace Orchestrator.Inference.Captioning;

/// <summary>Nucleus sampling of a batch of captions, each with random numbers of its own.</summary>
internal static class NucleusSearch
{
    /// <summary>Sequences of the batch: prompt, tokens, and the end token where there was one.</summary>
    /// <remarks>
    /// A finished row stays in the batch and is fed the pad token until all rows are finished, so every step of a batch has one shape:
    /// what a row gets depends on its image, its seed and the number of rows, never on when the others end.
    /// </remarks>
    public static List<int>[] Run(CaptionDecoder decoder, ImageStates states, int[] prompt, int end, int pad, ReadOnlySpan<ulong> seeds, CaptionOptions options)
    {
        using var cache = decoder.Start(states);
        var rows = states.Count;
        var sequences = new List<int>[rows];
        var streams = new SeededStream[rows];
        var next = new long[rows * prompt.Length];
        for (var row = 0; row < rows; row++)
        {
            sequences[row] = [.. prompt];
            streams[row] = new SeededStream(seeds[row]);
            prompt.Select(id => (long)id).ToArray().CopyTo(next.AsSpan(row * prompt.Length));
        }

        var done = new bool[rows];
        while (sequences.Zip(done).Any(s => !s.Second && s.First.Count < options.MaxLength))
        {
            var scores = decoder.Step(cache, next);
            var width = scores.Length / rows;
            next = new long[rows];
            for (var row = 0; row < rows; row++)
            {
                if (done[row])
                {
                    next[row] = pad;
                    continue;
                }

                var own = scores.AsSpan(row * width, width);
                TokenScores.PenaliseRepetition(own, sequences[row], options.Penalty);
                TokenScores.ForbidEnd(own, sequences[row].Count, options.MinLength, end);
                var id = TokenScores.Draw(TokenScores.Nucleus(own, options.TopK, options.TopP), streams[row].NextDouble());
                sequences[row].Add(id);
                next[row] = id;
                done[row] = id == end;
            }
        }

        return sequences;
    }
}
