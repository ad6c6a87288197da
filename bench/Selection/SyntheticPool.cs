using System.Globalization;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation;

namespace Orchestrator.Bench.Selection;

/// <summary>A pool whose scores follow from the row number: 2^20 different values, so that every cut goes through ties.</summary>
internal sealed class SyntheticPool(string folder, long rows, int parts)
{
    public long Rows => rows;

    public IReadOnlyList<string> Parts { get; } = [.. Enumerable.Range(0, parts).Select(i => Path.Combine(folder, $"part-{i:D5}.parquet"))];

    public static float ScoreOf(long row) => (SampleChance.Bits(1, 0, 0, (ulong)row) >> 44) * (0.5f / (1 << 20));

    /// <summary>First row of a part.</summary>
    public long First(int part) => rows * part / parts;

    public void Make()
    {
        Directory.CreateDirectory(folder);
        for (var part = 0; part < parts; part++)
        {
            using var file = File.Create(Parts[part]);
            using var writer = new ScorePartWriter(file, ScoreSchema.Create(["clip"]).Value);
            var shard = string.Create(CultureInfo.InvariantCulture, $"pool/{part:D8}.tar");
            for (var row = First(part); row < First(part + 1); row++)
            {
                writer.Append(new ScoreRow
                {
                    Shard = shard, Row = row - First(part), Key = row.ToString("D12", CultureInfo.InvariantCulture), Signals = [ScoreOf(row)],
                });
            }

            writer.Finish();
        }

        File.WriteAllText(Path.Combine(folder, "made"), "");
    }
}
