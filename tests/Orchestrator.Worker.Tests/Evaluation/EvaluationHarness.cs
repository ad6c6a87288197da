using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Inference.Sessions;
using Orchestrator.Worker.Evaluation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Tests.Evaluation;

/// <summary>Runs an evaluation's phases in this process on the demo language models, as the control plane would.</summary>
internal sealed class EvaluationHarness : IDisposable, ICommittedReader
{
    private readonly Dictionary<string, SortedDictionary<int, CommittedView>> committed = [];
    private readonly LanguageShelf shelf = new(new ModelCatalog([RepositoryFolder.PathOf("samples", "models")]), new InferenceOptions { IntraOpThreads = 1 });
    private readonly SpeedLane lane = new();
    private readonly EvaluationPlan plan = new();
    private readonly Dictionary<string, IShardExecutor> executors;
    private readonly ServiceProvider meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private int attempt;

    public EvaluationHarness()
    {
        Root = Directory.CreateTempSubdirectory("evaluation-").FullName;
        var storage = new JobStorage(new AllowedRoots([Root]));
        var instruments = new EvaluationInstruments(meters.GetRequiredService<IMeterFactory>());
        IShardExecutor[] all =
        [
            new AcceptanceExecutor(storage, shelf, lane, instruments, TimeProvider.System), new LosslessnessExecutor(storage, shelf, lane, instruments, TimeProvider.System),
            new SpeedExecutor(storage, shelf, lane, instruments, TimeProvider.System), new ReportExecutor(storage, shelf, instruments, TimeProvider.System),
        ];
        executors = all.ToDictionary(e => e.Phase);
        File.Copy(RepositoryFolder.PathOf("samples", "language", "question.jsonl"), Path.Combine(Root, "question.jsonl"));
    }

    public string Root { get; }

    public string Output => Path.Combine(Root, "out");

    public ShardFailure? Failure { get; private set; }

    /// <summary>What each attempt at the report said.</summary>
    public List<ShardOutcome> Reports { get; } = [];

    /// <summary>Runs a document that must succeed.</summary>
    public async Task SucceedAsync(string json, string? promptsPath = null)
    {
        var end = await RunAsync(json, promptsPath: promptsPath);
        Assert.True(end.State == JobState.Succeeded, $"{end.Error} {Failure?.Message}");
    }

    /// <summary>Runs a document; shards go in reverse order, and twice, where <paramref name="rough"/>.</summary>
    public async Task<PhaseStep.End> RunAsync(string json, bool rough = false, string? promptsPath = null)
    {
        var document = JsonNode.Parse(json)!.AsObject();
        document["output"] = new JsonObject { ["path"] = Output };
        var prompted = Path.Combine(Root, "question.jsonl");
        if (promptsPath is not null)
        {
            File.Copy(promptsPath, prompted = Path.Combine(Root, "record.jsonl"));
        }

        document["prompts"]!["path"] = prompted;
        using var parsedJson = JsonDocument.Parse(document.ToJsonString());
        var parsed = EvaluationParser.Parse(parsedJson.RootElement);
        Assert.True(parsed.IsValid, string.Join("; ", parsed.Errors));
        var canonical = EvaluationParser.ToJson(parsed.Document).ToJsonString();
        var finished = new List<PhaseSummary>();
        var prompts = (int)document["prompts"]!["limit"]!;
        PhaseStep step = new PhaseStep.Start(EvaluationPlan.FirstPhase(parsed.Document), EvaluationPlan.FirstShards(parsed.Document, prompts));
        while (step is PhaseStep.Start start)
        {
            finished.Add(await RunPhaseAsync(canonical, start, rough));
            step = plan.Next(canonical, finished);
        }

        return (PhaseStep.End)step;
    }

    public JsonElement Json(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Output, name)));
        return document.RootElement.Clone();
    }

    /// <summary>Files of the acceptance lane, which no clock may touch.</summary>
    public SortedDictionary<string, string> AcceptanceFiles() => new(
        Directory.EnumerateFiles(Path.Combine(Output, "steps")).Concat(Directory.EnumerateFiles(Path.Combine(Output, "answers")))
            .Append(Path.Combine(Output, "acceptance.json")).Append(Path.Combine(Output, "answers.jsonl"))
            .ToDictionary(file => Path.GetRelativePath(Output, file), file => FileDigest.OfFile(file).Sha256));

    public async IAsyncEnumerable<CommittedView> ReadAsync(string phase, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var view in committed.GetValueOrDefault(phase)?.Values.ToArray() ?? [])
        {
            yield return view;
        }
    }

    public void Dispose()
    {
        shelf.Dispose();
        lane.Dispose();
        meters.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    private async Task<PhaseSummary> RunPhaseAsync(string document, PhaseStep.Start start, bool rough)
    {
        var done = committed[start.Phase] = [];
        var tally = new Dictionary<string, long>();
        foreach (var shard in rough ? start.Shards.Reverse() : start.Shards)
        {
            var outcome = await AttemptAsync(document, start.Phase, shard);
            if (rough && start.Phase is (EvaluationPlan.Acceptance or EvaluationPlan.Report))
            {
                // As after a crash: another attempt does the work again.
                outcome = await AttemptAsync(document, start.Phase, shard);
            }

            Failure ??= outcome.Failure;
            if (outcome.Output is { } output)
            {
                done[shard.Index] = new CommittedView(shard.Index, attempt, output.Manifest, output.Digest);
                foreach (var (name, count) in output.Tally)
                {
                    tally[name] = tally.GetValueOrDefault(name) + count;
                }
            }
        }

        return new PhaseSummary(start.Phase, start.Shards.Count, done.Count, start.Shards.Count - done.Count, 0, tally);
    }

    private async Task<ShardOutcome> AttemptAsync(string document, string phase, ShardSpec shard)
    {
        var job = JobId.Parse("eval-test");
        var lease = new LeaseKey(new ShardKey(job, phase, shard.Index), ++attempt);
        var outcome = await executors[phase].ExecuteAsync(
            new ShardWork(lease, shard.Payload, new JobOrder(job, EvaluationDocument.Kind, document, ""), this), TestContext.Current.CancellationToken);
        if (phase == EvaluationPlan.Report)
        {
            Reports.Add(outcome);
        }

        return outcome;
    }
}
