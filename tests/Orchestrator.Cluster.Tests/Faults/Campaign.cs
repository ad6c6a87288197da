using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Jobs;
using Orchestrator.Samples.PoolGenerator;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>Runs of random faults over jobs of both kinds, judged by the history and by the bytes of an undisturbed run.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="print">Where the schedule and the figures go.</param>
internal sealed class Campaign(FaultCluster cluster, Action<string> print)
{
    /// <summary>Everything that a worker has to end sooner or later, however slow the machine.</summary>
    private static readonly TimeSpan JobLimit = TimeSpan.FromMinutes(8);

    private readonly List<string> wrong = [];
    private readonly Dictionary<string, int> done = [];
    private SortedDictionary<string, string> curation = [];
    private SortedDictionary<string, string> evaluation = [];
    private int outputs;
    private int jobs;

    /// <summary>Draws the pool and does each job once, undisturbed.</summary>
    public async Task PrepareAsync()
    {
        await PoolWriter.WriteAsync(Path.Combine(cluster.Disk.Path, "pool"), new PoolOptions { Shards = 12, SamplesPerShard = 24, Seed = 5 }, Token);
        File.Copy(Path.Combine(RealCluster.RepositoryRoot(), "samples", "language", "question.jsonl"), Path.Combine(cluster.Disk.Path, "question.jsonl"));
        var (cur, eval) = await SubmitAsync();
        await JudgeAsync(cur, Output(outputs - 1, "cur"), files => curation = files);
        await JudgeAsync(eval, Output(outputs - 1, "eval"), files => evaluation = files);
        Assert.Empty(wrong);
        Assert.True(curation.Count > 10 && evaluation.Count > 4, "the undisturbed run wrote too little to compare with");
    }

    /// <summary>
    /// One run: the faults of a seed, one after another, over one job of each kind; where both have ended before the faults have,
    /// two more are submitted. Half of the faults wait until the cluster has committed something after the last.
    /// </summary>
    public async Task RunAsync(long seed, int faults)
    {
        var nemesis = new Nemesis(cluster);
        var schedule = nemesis.Schedule(seed, faults);
        var watch = Stopwatch.StartNew();
        print(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {string.Join(", ", schedule)}"));
        var running = await SubmitAsync();
        var numbers = new List<int> { outputs - 1 };
        var all = new List<(JobId Cur, JobId Eval)> { running };
        foreach (var fault in schedule)
        {
            if (fault.Pick % 2 == 0 && !await BothEndedAsync(running))
            {
                var before = await CommittedAsync();
                await Wait.UntilAsync(async () => await cluster.CommittedAsync() > before || await BothEndedAsync(running), JobLimit);
            }

            if (await BothEndedAsync(running))
            {
                running = await SubmitAsync();
                all.Add(running);
                numbers.Add(outputs - 1);
            }

            done[fault.Name] = done.GetValueOrDefault(fault.Name) + 1;
            if (await nemesis.DoAsync(fault, fault.Pick % 3 == 0 ? running.Eval : running.Cur) is { } trouble)
            {
                Wrong($"seed {seed}, {fault}: {trouble}");
            }
        }

        for (var i = 0; i < all.Count; i++)
        {
            await JudgeAsync(all[i].Cur, Output(numbers[i], "cur"), files => Compare(seed, Output(numbers[i], "cur"), "cur-0", curation, files));
            await JudgeAsync(all[i].Eval, Output(numbers[i], "eval"), files => Compare(seed, Output(numbers[i], "eval"), "eval-0", evaluation, files));
        }

        print(string.Create(CultureInfo.InvariantCulture, $"  {all.Count} pairs of jobs, {watch.Elapsed.TotalSeconds:F0} s, {wrong.Count} wrong so far"));
    }

    /// <summary>The history of all runs, and everything that was wrong.</summary>
    public async Task<IReadOnlyList<string>> FinishAsync(int slots)
    {
        var history = await History.ReadAsync(cluster.ConnectionString);
        wrong.AddRange(HistoryChecker.Check(history, slots));
        var byOutcome = history.Attempts.GroupBy(row => row.Outcome ?? "open").OrderBy(group => group.Key, StringComparer.Ordinal);
        print(string.Create(CultureInfo.InvariantCulture, $"{done.Values.Sum()} faults: {string.Join(", ", done.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key} {d.Value}"))}"));
        print($"{jobs} jobs, {history.Shards.Count} shards, attempts {string.Join(", ", byOutcome.Select(group => $"{group.Key} {group.Count()}"))}");
        foreach (var (name, reason) in new Nemesis(cluster).Impossible)
        {
            print($"left out: {name}, because {reason}");
        }

        foreach (var exit in cluster.Apis.Concat(cluster.Workers).SelectMany(member => member.OwnExits))
        {
            print($"  {exit[..Math.Min(exit.Length, 600)]}");
        }

        return wrong;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Output(int number, string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{number}");

    private async Task<(JobId Cur, JobId Eval)> SubmitAsync()
    {
        var number = outputs++;
        jobs += 2;
        return (await cluster.SubmitAsync(Curation(Output(number, "cur"))), await cluster.SubmitAsync(Evaluation(Output(number, "eval"))));
    }

    private async Task<long> CommittedAsync()
    {
        long count = 0;
        await Wait.UntilAsync(
            async () =>
            {
                count = await cluster.CommittedAsync();
                return true;
            },
            JobLimit);
        return count;
    }

    private async Task<bool> BothEndedAsync((JobId Cur, JobId Eval) pair) =>
        (await cluster.JobAsync(pair.Cur)).State.IsTerminal() && (await cluster.JobAsync(pair.Eval)).State.IsTerminal();

    private async Task JudgeAsync(JobId id, string output, Action<SortedDictionary<string, string>> judge)
    {
        var job = await cluster.WhenEndedAsync(id, JobLimit);
        var folder = Path.Combine(cluster.Disk.Path, output);
        if (job.State != JobState.Succeeded)
        {
            Wrong($"job {id} ended as {job.State}: {job.Error} {await cluster.TextAsync($"SELECT coalesce(max(error), '') FROM shards WHERE job = '{id}'")}");
        }
        else
        {
            var files = RealCluster.Digests(folder);
            if (job.Kind == "evaluation")
            {
                // What a clock or a device may touch is not compared.
                foreach (var name in files.Keys.Where(name => name != "acceptance.json" && !name.StartsWith("steps", StringComparison.Ordinal) && !name.StartsWith("answers", StringComparison.Ordinal)).ToArray())
                {
                    files.Remove(name);
                }
            }

            judge(files);
        }

        // The undisturbed run's stays, so that a difference can be shown.
        if (!output.EndsWith("-0", StringComparison.Ordinal))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void Wrong(string what)
    {
        wrong.Add(what);
        print($"  WRONG: {what}");
    }

    private void Compare(long seed, string output, string undisturbed, SortedDictionary<string, string> expected, SortedDictionary<string, string> files)
    {
        var differ = expected.Keys.Union(files.Keys).Where(name => expected.GetValueOrDefault(name) != files.GetValueOrDefault(name)).ToArray();
        if (differ.Length > 0)
        {
            Wrong($"seed {seed}: {output} differs from the undisturbed run in {string.Join(", ", differ.Take(5))} ({differ.Length} of {expected.Count} files): {FirstDifference(undisturbed, output, differ[0])}");
        }
    }

    private string FirstDifference(string undisturbed, string output, string name)
    {
        string[] Lines(string folder) => File.Exists(Path.Combine(cluster.Disk.Path, folder, name)) ? File.ReadAllLines(Path.Combine(cluster.Disk.Path, folder, name)) : ["(no such file)"];
        var (expected, found) = (Lines(undisturbed), Lines(output));
        var at = expected.Zip(found).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"line {at + 1} is {Short(found, at)} and was {Short(expected, at)}";

        static string Short(string[] lines, int at) => at < lines.Length ? $"'{lines[at][..Math.Min(lines[at].Length, 400)]}'" : "not there";
    }

    private static JsonObject Curation(string output) => JsonNode.Parse($$"""
        {
          "kind": "curation", "name": "campaign",
          "input": { "shards": ["pool/{00000000..00000011}.tar"] },
          "stages": [ { "type": "basic-filter" }, { "type": "clip-score", "model": "clip-demo", "as": "clip" } ],
          "select": { "by": "clip", "topFraction": 0.4 },
          "output": { "path": "{{output}}", "samplesPerShard": 30 }
        }
        """)!.AsObject();

    private static JsonObject Evaluation(string output) => JsonNode.Parse($$"""
        {
          "kind": "evaluation", "name": "{{output}}", "target": "lm-demo",
          "prompts": { "path": "question.jsonl", "limit": 16 },
          "methods": [ { "type": "prompt-lookup", "ngram": 3, "gamma": 6 } ],
          "sampling": [ { "temperature": 0.8, "topP": 0.95, "seed": 2 } ],
          "maxNewTokens": 32, "lanes": { "speed": "off" },
          "output": { "path": "{{output}}" }
        }
        """)!.AsObject();
}
