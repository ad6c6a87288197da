using System.Text;

namespace Orchestrator.Domain.Curation.Selection;

/// <summary>Finds the n-th of many samples with one score, in the order key, part, row, without holding them all.</summary>
/// <remarks>
/// Each sample becomes a string of symbols that sorts like (key, part, row) and is no prefix of another: key bytes + 1, a 0, then part and row
/// big-endian, bytes + 1. A reading counts the candidates by their next two symbols (257² bins) and keeps one bin; symbols that all
/// candidates share are stepped over at once.
/// </remarks>
internal static class TieBreak
{
    private const int Radix = 257;
    private const int PlaceSymbols = 1 + 4 + 8;

    public static LastTie Find(IScoreSource source, float threshold, long take, long ties, int maxCandidates, CancellationToken cancellationToken)
    {
        ushort[] prefix = [];
        while (ties > maxCandidates)
        {
            var counts = new long[Radix * Radix];
            ushort[]? first = null;
            var common = int.MaxValue;
            Visit(source, threshold, prefix, cancellationToken, (symbols, _, _, _) =>
            {
                if (symbols.Length < prefix.Length + 2)
                {
                    throw new InvalidOperationException("Two rows of the source share part and row; the order needs them to differ.");
                }

                first ??= symbols.ToArray();
                common = Math.Min(common, symbols.CommonPrefixLength(first));
                counts[(symbols[prefix.Length] * Radix) + symbols[prefix.Length + 1]]++;
            });

            var bin = 0;
            for (; take > counts[bin]; bin++)
            {
                take -= counts[bin];
            }

            ties = counts[bin];
            prefix = common > prefix.Length + 2
                ? first![..Math.Min(common, first!.Length - 2)]
                : [.. prefix, (ushort)(bin / Radix), (ushort)(bin % Radix)];
        }

        List<LastTie> candidates = new((int)ties);
        Visit(source, threshold, prefix, cancellationToken, (_, key, part, row) => candidates.Add(new LastTie(key, part, row)));
        candidates.Sort();
        return candidates[(int)(take - 1)];
    }

    private delegate void Visitor(ReadOnlySpan<ushort> symbols, string key, int part, long row);

    private static void Visit(IScoreSource source, float threshold, ushort[] prefix, CancellationToken cancellationToken, Visitor visit)
    {
        var symbols = new ushort[512];
        var bytes = new byte[512];
        foreach (var chunk in source.Open())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var scores = chunk.Scores;
            for (var i = 0; i < scores.Length; i++)
            {
                if (scores.Span[i] != threshold)
                {
                    continue;
                }

                var key = chunk.KeyAt(i);
                var row = chunk.FirstRow + i;
                var spelled = Spell(key, chunk.Part, row, ref symbols, ref bytes);
                if (spelled.StartsWith(prefix))
                {
                    visit(spelled, key, chunk.Part, row);
                }
            }
        }
    }

    private static ReadOnlySpan<ushort> Spell(string key, int part, long row, ref ushort[] symbols, ref byte[] bytes)
    {
        var most = Encoding.UTF8.GetMaxByteCount(key.Length);
        if (bytes.Length < most)
        {
            bytes = new byte[most];
            symbols = new ushort[most + PlaceSymbols];
        }
        else if (symbols.Length < most + PlaceSymbols)
        {
            symbols = new ushort[most + PlaceSymbols];
        }

        var length = Encoding.UTF8.GetBytes(key, bytes);
        for (var i = 0; i < length; i++)
        {
            symbols[i] = (ushort)(bytes[i] + 1);
        }

        symbols[length] = 0;
        for (var i = 0; i < 4; i++)
        {
            symbols[length + 1 + i] = (ushort)(((part >> (24 - (8 * i))) & 0xff) + 1);
        }

        for (var i = 0; i < 8; i++)
        {
            symbols[length + 5 + i] = (ushort)(((row >> (56 - (8 * i))) & 0xff) + 1);
        }

        return symbols.AsSpan(0, length + PlaceSymbols);
    }
}
