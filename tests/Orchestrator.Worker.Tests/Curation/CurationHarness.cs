using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Data.Storage;
using Orchestrator.Data.Storage.S3;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Jobs;
using Orchestrator.Inference.Images;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>Runs a curation job's phases in this process, as the control plane would: plan, shards, commits by attempt.</summary>
internal sealed class CurationHarness : IDisposable, ICommittedReader
{
    private readonly Dictionary<string, SortedDictionary<int, CommittedView>> _committed = [];
    private readonly List<PhaseSummary> _finished = [];
    private readonly Dictionary<string, PhaseStep.Start> _started = [];
    private readonly Dictionary<(string Phase, int Index), IReadOnlyDictionary<string, long>> _tallies = [];
    private readonly Dictionary<(string Phase, int Index), int> _reopened = [];
    private readonly Dictionary<(string Kind, string Phase), IShardExecutor> _executors;
    private readonly CpuPool _pool;
    private readonly string? _bucket;
    private CurationInstruments? _instruments;
    private int _attempt;

    public CurationHarness(IScoringModels? models = null, S3Options? s3 = null, string? bucket = null)
    {
        Root = Directory.CreateTempSubdirectory("curation-").FullName;
        Models = models ?? new BrightnessModels();
        var roots = new AllowedRoots(bucket is null ? [Root] : [Root, bucket]);
        Storage = new JobStorage(roots, s3);
        _bucket = bucket;
        _pool = new CpuPool(2, Instruments);
        IShardExecutor[] all =
        [
            new ScoreExecutor(Storage, Models, new ImageDecoder(), _pool, new LanguageModels(roots), new EntryLists(roots), new NounDictionaries(roots), new EmbeddingFolders(roots), Instruments),
            new DecideExecutor(Storage), new SelectionDecideExecutor(Storage),
            new WriteExecutor(Storage, CurationDocument.Kind, Instruments), new PublishExecutor(Storage, CurationDocument.Kind),
            new WriteExecutor(Storage, SelectionDocument.Kind, Instruments), new PublishExecutor(Storage, SelectionDocument.Kind),
        ];
        _executors = all.ToDictionary(e => (e.Kind, e.Phase));
    }

    /// <summary>Meters of this harness alone.</summary>
    public IMeterFactory Meters { get; } = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    public CurationInstruments Instruments => _instruments ??= new CurationInstruments(Meters, TimeProvider.System);

    public string Root { get; }

    public JobStorage Storage { get; }

    public IScoringModels Models { get; }

    /// <summary>Failures of the last run, by shard.</summary>
    public Dictionary<string, ShardFailure> Failures { get; } = [];

    public string Output => JobStorage.Combine(_bucket ?? Root, OutputName);

    public string OutputName { get; set; } = "out";

    /// <summary>Order in which the shards of a phase run; identity by default.</summary>
    public Func<IReadOnlyList<ShardSpec>, IEnumerable<ShardSpec>> Order { get; set; } = shards => shards;

    /// <summary>Called before each attempt; a true answer throws the attempt's output away after it is made and runs it again, as after a crash.</summary>
    public Func<string, int, bool> CrashAfter { get; set; } = (_, _) => false;

    /// <summary>Called before the shards of a phase run, each time that they do.</summary>
    public Action<string> BeforePhase { get; set; } = _ => { };

    /// <summary>Shards that ran again because their committed files were gone or changed.</summary>
    public IReadOnlyCollection<(string Phase, int Index)> Reopened => _reopened.Keys;

    /// <summary>Committed manifests of a phase.</summary>
    public IReadOnlyDictionary<int, CommittedView> Committed(string phase) => _committed[phase];

    public Task<PhaseStep.End> RunAsync(string document, params string[] tars)
    {
        var json = JsonNode.Parse(document)!.AsObject();
        json["output"]!["path"] = Output;
        var canonical = CurationParser.ToJson(CurationParser.ParseCanonical(json.ToJsonString())).ToJsonString();
        var shards = tars.Select((t, i) => new ShardSpec(i, CurationJson.Write(new ScorePayload(PathOf(t), t, Storage.Stat(PathOf(t))?.Version)))).ToList();
        return RunAsync(new CurationPlan(), canonical, new PhaseStep.Start(CurationPlan.Score, shards));
    }

    /// <summary>Runs a selection over the scores below <paramref name="from"/>, a folder of <see cref="Root"/>.</summary>
    public Task<PhaseStep.End> SelectAsync(string from, string? select, int samplesPerShard = 10)
    {
        var json = new JsonObject
        {
            ["kind"] = "selection",
            ["name"] = "s",
            ["from"] = JobStorage.Combine(_bucket ?? Root, from),
            ["inputBase"] = _bucket ?? Root,
            ["output"] = new JsonObject { ["path"] = Output, ["samplesPerShard"] = samplesPerShard },
        };
        if (select is not null)
        {
            json["select"] = JsonNode.Parse(select);
        }

        var canonical = SelectionParser.ToJson(SelectionParser.ParseCanonical(json.ToJsonString())).ToJsonString();
        return RunAsync(new SelectionPlan(), canonical, new PhaseStep.Start(CurationPlan.Decide, [new ShardSpec(0, "{}")]));
    }

    private async Task<PhaseStep.End> RunAsync(IJobPlan plan, string canonical, PhaseStep step)
    {
        _finished.Clear();
        _committed.Clear();
        _tallies.Clear();
        _reopened.Clear();
        Failures.Clear();
        while (step is PhaseStep.Start start)
        {
            _started[start.Phase] = start;
            _committed[start.Phase] = [];
            BeforePhase(start.Phase);
            var spoilt = await RunShardsAsync(plan.Kind, canonical, start.Phase, Order(start.Shards));
            if (spoilt.Count > 0)
            {
                // As the control plane does: back to the first phase that lost something, without what was made from it.
                var first = plan.Phases.First(phase => spoilt.Any(s => s.Phase == phase));
                var again = spoilt.Where(s => s.Phase == first).ToList();
                foreach (var shard in again)
                {
                    var times = _reopened[(first, shard.Index)] = _reopened.GetValueOrDefault((first, shard.Index)) + 1;
                    if (times > RetryPolicy.MaxReopened)
                    {
                        return new PhaseStep.End(JobState.Failed, shard.Problem);
                    }
                }

                _finished.RemoveRange(_finished.FindIndex(p => p.Phase == first), _finished.Count - _finished.FindIndex(p => p.Phase == first));
                Assert.Empty(await RunShardsAsync(plan.Kind, canonical, first, [.. again.Select(s => _started[first].Shards[s.Index])]));
                start = _started[first];
            }

            _finished.Add(SummaryOf(start));
            step = plan.Next(canonical, _finished);
        }

        return (PhaseStep.End)step;
    }

    public PhaseSummary Summary(string phase) => _finished.Single(p => p.Phase == phase);

    /// <summary>Relative path and sha256 of each file of the output folder.</summary>
    public SortedDictionary<string, string> OutputDigests() => new(
        Storage.Of(Output).List(Output).ToDictionary(f => f.Path[(Output.Length + 1)..], f => Convert.ToHexStringLower(SHA256.HashData(Storage.ReadAll(f.Path)!))));

    /// <summary>Where an input of this name is: below the bucket, or below <see cref="Root"/>.</summary>
    public string PathOf(string name) => JobStorage.Combine(_bucket ?? Root, name);

    /// <summary>The output's manifest.</summary>
    public JsonNode Manifest() => JsonNode.Parse(Storage.ReadAll(JobStorage.Combine(Output, "manifest.json")))!;

    public long Count(string name) => Manifest()["counts"]![name]?.GetValue<long>() ?? 0;

    public string[] Quarantine() => File.ReadAllLines(Path.Combine(Output, "quarantine.jsonl"), Encoding.UTF8);

    public async IAsyncEnumerable<CommittedView> ReadAsync(string phase, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var view in _committed[phase].Values)
        {
            yield return view;
        }
    }

    public void Dispose()
    {
        _pool.Dispose();
        Storage.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    /// <summary>Runs shards of a phase; what has to run again before them where something was spoilt.</summary>
    private async Task<IReadOnlyList<SpoiltOutput>> RunShardsAsync(string kind, string document, string phase, IEnumerable<ShardSpec> shards)
    {
        foreach (var shard in shards)
        {
            var (work, outcome) = await AttemptAsync(kind, document, phase, shard);
            if (CrashAfter(phase, shard.Index))
            {
                // The output of the lost attempt stays on disk, as after kill -9; another attempt does the work again.
                (work, outcome) = await AttemptAsync(kind, document, phase, shard);
            }

            if (outcome.Failure?.Spoilt is { } spoilt)
            {
                return spoilt;
            }

            if (outcome.Output is { } output)
            {
                _committed[phase][shard.Index] = new CommittedView(shard.Index, work.Lease.Attempt, output.Manifest, output.Digest);
                _tallies[(phase, shard.Index)] = output.Tally;
                Failures.Remove($"{phase}-{shard.Index}");
            }
            else
            {
                Failures[$"{phase}-{shard.Index}"] = outcome.Failure!;
            }
        }

        return [];
    }

    private PhaseSummary SummaryOf(PhaseStep.Start start)
    {
        var done = _committed[start.Phase];
        var tally = new Dictionary<string, long>();
        foreach (var (name, count) in done.Keys.SelectMany(index => _tallies[(start.Phase, index)]))
        {
            tally[name] = tally.GetValueOrDefault(name) + count;
        }

        return new PhaseSummary(start.Phase, start.Shards.Count, done.Count, start.Shards.Count - done.Count, 0, tally);
    }

    private async Task<(ShardWork Work, ShardOutcome Outcome)> AttemptAsync(string kind, string document, string phase, ShardSpec shard)
    {
        var job = JobId.Parse("cur-test");
        var lease = new LeaseKey(new ShardKey(job, phase, shard.Index), ++_attempt);
        var work = new ShardWork(lease, shard.Payload, new JobOrder(job, kind, document, ""), this);
        return (work, await _executors[(kind, phase)].ExecuteAsync(work, TestContext.Current.CancellationToken));
    }
}
