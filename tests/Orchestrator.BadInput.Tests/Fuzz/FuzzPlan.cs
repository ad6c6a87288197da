using System.Diagnostics;
using System.Globalization;

namespace Orchestrator.BadInput.Tests.Fuzz;

/// <summary>
/// How long a fuzz test goes on: a fixed number of seeds, so that every run of the tests does the same; or, where
/// <c>FUZZ_SECONDS</c> is set, as many seeds as fit into it, from <c>FUZZ_SEED</c> (default 1,000,000) on.
/// </summary>
/// <remarks>
/// A longer run: <c>FUZZ_SECONDS=300 dotnet test -c Release --project tests/Orchestrator.BadInput.Tests -- --filter-class "*Fuzz*"</c>.
/// Images are decoded in this process by native code: a crash of it ends the run, and the last line of the file named by
/// <c>FUZZ_LOG</c> is then the seed that did it.
/// </remarks>
internal static class FuzzPlan
{
    /// <summary>The seeds, lazily.</summary>
    public static IEnumerable<int> Seeds(int count)
    {
        if (Variable("FUZZ_SECONDS") is not { } seconds)
        {
            return Enumerable.Range(0, count);
        }

        var watch = Stopwatch.StartNew();
        return Enumerable.Range(Variable("FUZZ_SEED") ?? 1_000_000, 1_000_000_000).TakeWhile(_ => watch.Elapsed.TotalSeconds < seconds).Select(Noted);
    }

    private static int Noted(int seed)
    {
        if (Environment.GetEnvironmentVariable("FUZZ_LOG") is { Length: > 0 } path)
        {
            File.WriteAllText(path, seed.ToString(CultureInfo.InvariantCulture));
        }

        return seed;
    }

    private static int? Variable(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
