// Groups of near DCT hashes in pools (sort, leave equal ones out, radius search, union-find): time, memory and growth, and all pairs of a sample against comparing it with every hash.
//   dotnet run -c Release --project bench/Dedup [-- radius] [-- largest pool]
using System.Globalization;
using Orchestrator.Bench.Dedup;
using Orchestrator.Domain.Curation.Dedup;

var radius = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 4;
var largest = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1_000_000;
Console.WriteLine($"radius {radius} of 64 bits, {Environment.ProcessorCount} processors, processor time of the process; 10 % of the hashes are near another one; least of 5 runs");
Console.WriteLine($"{"hashes",12}{"pairs",12}{"seconds",10}{"hashes/s",14}{"MB",8}{"growth",9}{"sample pairs",14}{"brute force",13}");

// Once through, so that the small pools are not timed with code that the compiler has not finished with.
for (var run = 0; run < 20; run++)
{
    Hashes.Group(Hashes.Make(largest / 10, radius, seed: 2), radius, out _);
}

var (before, smaller) = (0.0, 0);
for (var count = largest / 100; count <= largest; count *= 10)
{
    var hashes = Hashes.Make(count, radius, seed: 1);
    var (seconds, bytes, pairs) = (double.MaxValue, 0L, 0L);
    for (var run = 0; run < 5; run++)
    {
        var (start, allocated) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true));
        Hashes.Group(hashes, radius, out pairs);
        seconds = Math.Min(seconds, (Environment.CpuUsage.TotalTime - start).TotalSeconds);
        bytes = GC.GetTotalAllocatedBytes(precise: true) - allocated;
    }

    // Growth over linear: 1 is linear.
    var growth = before == 0 ? "" : (seconds / before / (count / (double)smaller)).ToString("F2", CultureInfo.InvariantCulture);
    var sample = Math.Min(count, 1_000);
    var found = 0L;
    new HammingPairs(HashSort.Distinct((ulong[])hashes.Clone()), radius).Visit((i, j) => found += (i < sample ? 1 : 0) + (j < sample ? 1 : 0));
    var expected = Hashes.CountNear(HashSort.Distinct((ulong[])hashes.Clone()), sample, radius);
    Console.WriteLine($"{count,12:N0}{pairs,12:N0}{seconds,10:F3}{count / seconds,14:N0}{bytes / 1e6,8:F0}{growth,9}{found,14:N0}{expected,13:N0}{(found == expected ? "" : "  DIFFERENT")}");
    (before, smaller) = (seconds, count);
}
