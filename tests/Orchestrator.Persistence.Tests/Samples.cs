using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Tests;

/// <summary>Jobs and batches for tests, with what a test does not care about filled in.</summary>
internal static class Samples
{
    public const string Phase = "score";

    public static readonly IReadOnlyDictionary<string, long> NoTally = new Dictionary<string, long>();

    public static NewJob Job(
        int shards = 4, string? output = null, string? key = null, string tenant = "default", string kind = "curation", string hash = "h1", JobId? id = null) =>
        new(
            id ?? JobId.Create("cur"), kind, "demo", tenant, 3, """{"kind":"curation","b":1,"a":[2]}""", hash, output, key,
            ["clip-demo"], [Phase], Phase, Specs(shards));

    public static IReadOnlyList<ShardSpec> Specs(int count, string tag = "p") =>
        [.. Enumerable.Range(0, count).Select(i => new ShardSpec(i, $$"""{"{{tag}}":{{i}}}"""))];

    public static LeaseKey Lease(JobId job, int index, int attempt, string phase = Phase) => new(new ShardKey(job, phase, index), attempt);

    public static ShardOutput Output(string content, params (string Name, long Count)[] tally) =>
        new($$"""{"files":["{{content}}"]}""", $"digest-{content}", tally.ToDictionary(t => t.Name, t => t.Count));

    public static ShardBatch Batch(
        IEnumerable<Completion>? completions = null, IEnumerable<Withdrawal>? withdrawals = null, IEnumerable<LeaseGrant>? grants = null) =>
        new([.. completions ?? []], [.. withdrawals ?? []], [.. grants ?? []]);

    public static LeaseGrant Grant(LeaseKey lease, string worker = "w1", string silo = "silo-1") => new(lease, worker, silo);

    public static Withdrawal Withdraw(
        LeaseKey lease, ShardState state = ShardState.Pending, string outcome = AttemptOutcomes.Failed, string? error = "it broke",
        DateTimeOffset? readyAt = null, int failures = 1, int deaths = 0) => new(lease, state, outcome, error, readyAt, failures, deaths);

    public static NewJobEvent Event(int n = 0, string type = "progress") => new(type, $$"""{"n":{{n}}}""");
}

/// <summary>One-item batches, which most tests speak in.</summary>
internal static class StoreCalls
{
    public static async Task<string?> GrantAsync(this IJobStore store, LeaseKey lease, string worker = "w1", string silo = "silo-1") =>
        (await store.ApplyAsync(Samples.Batch(grants: [Samples.Grant(lease, worker, silo)]), default)).Payloads.Single();

    public static async Task<CompletionVerdict> CommitAsync(this IJobStore store, LeaseKey lease, ShardOutput output) =>
        (await store.ApplyAsync(Samples.Batch(completions: [new Completion(lease, output)]), default)).Completions.Single();

    public static async Task<bool> WithdrawAsync(this IJobStore store, Withdrawal withdrawal) =>
        (await store.ApplyAsync(Samples.Batch(withdrawals: [withdrawal]), default)).Withdrawn.Single();

    public static async Task<JobRecord> ChangeAsync(this IJobStore store, JobRecord job, JobState state, string? error = null, params NewJobEvent[] events) =>
        await store.TryChangeAsync(new JobChange(job.Id, job.Version, state, error, events), default)
        ?? throw new InvalidOperationException("The version moved on.");

    public static async Task<JobRecord> CreateAsync(this IJobStore store, NewJob job)
    {
        var result = await store.CreateJobAsync(job, default);
        Assert.Equal(CreateJobStatus.Created, result.Status);
        return result.Job;
    }

    public static async Task<ShardRow> RowAsync(this IJobStore store, JobId job, int index, string phase = Samples.Phase) =>
        (await store.LoadLedgerAsync(job, phase, default)).Single(r => r.Index == index);

    public static async Task<PhaseCounts> CountsAsync(this IJobStore store, JobId job, string phase = Samples.Phase) =>
        (await store.CountAsync(job, default)).Single(p => p.Phase == phase);
}
