using System.Diagnostics;
using System.Globalization;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Bench.Selection;

internal static class Steps
{
    private const double Fraction = 0.3;

    private static readonly SelectRule Two = new SelectRule.All(
    [
        new SelectRule.Leaf("clip", new SelectTest.TopFraction(Fraction, FractionBase.Candidates, false)),
        new SelectRule.Leaf("clip", new SelectTest.Min(0.4)),
    ]);

    public static int InProcess(string step, string folder, string rows, string parts)
    {
        using var process = Process.Start(Environment.ProcessPath!, [.. Program(), step, folder, rows, parts]);
        process.WaitForExit();
        return process.ExitCode;
    }

    public static int Run(string step, SyntheticPool pool)
    {
        var (start, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var same = true;
        var said = step switch
        {
            "make" => Make(pool),
            "select" => Say(Cut(pool)),
            "preview" => Say(SelectionPreview.Count(pool.Parts, Two)),
            "plan" => PlanRequest.Measure(pool).GetAwaiter().GetResult(),
            _ => Verify(pool, out same),
        };
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{step,-8}{seconds,9:F2} s {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds,9:F2} s of processor {pool.Rows / seconds,14:N0} rows/s {self.PeakWorkingSet64 / 1e6,7:F0} MB peak  {said}"));
        return same ? 0 : 1;
    }

    private static string[] Program() => Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? [typeof(Steps).Assembly.Location] : [];

    private static string Make(SyntheticPool pool)
    {
        pool.Make();
        return string.Create(CultureInfo.InvariantCulture, $"{pool.Rows:N0} rows in {pool.Parts.Count} parts, {pool.Parts.Sum(p => new FileInfo(p).Length) / 1e6:N0} MB");
    }

    private static SelectionCut Cut(SyntheticPool pool) =>
        GlobalCut.Find(new ScorePartSource(pool.Parts, "clip", CandidateMap.Read(pool.Parts)), new CutRule.TopFraction(Fraction));

    private static string Say(SelectionCut cut) => string.Create(
        CultureInfo.InvariantCulture, $"top {Fraction:P0}: {cut.Selected:N0} of {cut.Eligible:N0}, from {cut.Threshold:R} up, ties up to key {cut.Last?.Key}");

    private static string Say(SelectionPreview preview) => string.Create(
        CultureInfo.InvariantCulture, $"keeps {preview.Kept:N0}; {string.Join(", ", preview.Rules.Select(r => $"{r.Rule} {r.Kept:N0}"))}; both {preview.Overlaps[0].Both:N0}");

    /// <summary>A full sort of all rows in memory, by falling score, then key; keys rise with the row number.</summary>
    private static string Verify(SyntheticPool pool, out bool same)
    {
        var sorted = new ulong[pool.Rows];
        for (var row = 0L; row < pool.Rows; row++)
        {
            // Scores are not negative, so their bits sort like they do.
            sorted[row] = ((ulong)~BitConverter.SingleToUInt32Bits(SyntheticPool.ScoreOf(row)) << 32) | (ulong)row;
        }

        Array.Sort(sorted);
        var cut = Cut(pool);
        var kept = new System.Collections.BitArray(checked((int)pool.Rows));
        var (part, counted) = (0, 0L);
        for (var row = 0L; row < pool.Rows; row++)
        {
            while (row >= pool.First(part + 1))
            {
                part++;
            }

            var included = cut.Includes(SyntheticPool.ScoreOf(row), row.ToString("D12", CultureInfo.InvariantCulture), part, row - pool.First(part));
            kept[(int)row] = included;
            counted += included ? 1 : 0;
        }

        same = counted == (long)(pool.Rows * (decimal)Fraction) && sorted.Take((int)counted).All(s => kept[(int)(s & uint.MaxValue)]);
        return same ? $"the {counted:N0} rows kept are the first {counted:N0} of a full sort" : "DIFFERENT from a full sort";
    }
}
