using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Tracing;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>
/// Phase <c>report</c>: from the generations of both lanes to certificates, figures and files. Everything is computed from the
/// step traces by pure functions; the files of the acceptance lane are the same bytes whatever the number of workers. Every step
/// may be repeated; an attempt that finds the output finished answers as the one that finished it.
/// </summary>
public sealed class ReportExecutor(JobStorage storage, LanguageShelf shelf, EvaluationInstruments instruments, TimeProvider time) : EvaluationExecutor(storage)
{
    /// <summary>Divergences listed a cell.</summary>
    private const int MostDivergences = 20;

    /// <summary>Margin below which two orders of summation may choose differently: single and half precision.</summary>
    private const double SingleTolerance = 1e-3;
    internal const double HalfTolerance = 5e-2;

    /// <inheritdoc />
    public override string Phase => EvaluationPlan.Report;

    /// <inheritdoc />
    protected override async Task<ShardOutcome> ExecuteAsync(ShardWork work, EvaluationWorkspace workspace, CancellationToken cancellationToken)
    {
        if (workspace.Files.IsFinished(OutputManifest.FileName))
        {
            // An earlier attempt got to the end and died before its commit: the lanes are deleted, and what they said is published.
            workspace.Files.Finish();
            return PublishExecutor.Done(workspace, workspace.Files.Read(OutputManifest.FileName)!.Bytes);
        }

        var document = workspace.Document;
        var folder = workspace.CreateAttempt(work.Lease);
        var lanes = await JobLanes.ReadAsync(work, workspace, cancellationToken);
        var (acceptance, speed) = (lanes.Acceptance, lanes.Speed);
        var certificates = new Certificates(document);
        if (lanes.Losslessness.Count > 0)
        {
            certificates.Test(lanes, ReadPrompts(document), new Generator(document, shelf, time, instruments), cancellationToken);
        }

        var cells = document.Cells.Select(cell => Judge(document, cell, lanes, certificates, cancellationToken)).ToList();
        if (cells.Select(cell => cell.Tally.Requests.Count).Distinct().Count() > 1)
        {
            return ShardOutcome.Failed(FailureKind.Fatal, "The cells do not have the same number of generations; nothing was published.");
        }

        var files = new Dictionary<string, FileDigest>(StringComparer.Ordinal);
        foreach (var (index, cell) in document.Cells.Index())
        {
            var generations = acceptance.GetValueOrDefault(cell.Id)?.Generations ?? [];
            Put($"steps/part-{index:D5}.parquet", stream => StepsParquet.Write(stream, cell.Id, [.. generations.Select(g => g.Trace)], timings: false));
            Put($"answers/{cell.Id}.jsonl", stream => WriteAnswers(stream, cell.Id, generations));
            if (speed.TryGetValue(cell.Id, out var measured))
            {
                Put($"speed/part-{index:D5}.parquet", stream => StepsParquet.Write(stream, cell.Id, [.. measured.Generations.Select(g => g.Trace)], timings: true));
                Put($"speed/baseline-{index:D5}.parquet", stream => StepsParquet.Write(stream, "baseline", [.. measured.Baseline.Select(g => g.Trace)], timings: true));
                Put($"speed/{cell.Id}.jsonl", stream => WriteAnswers(stream, cell.Id, measured.Generations));
                Put($"speed/{cell.Id}-baseline.jsonl", stream => WriteAnswers(stream, "baseline", measured.Baseline));
            }
        }

        foreach (var cell in document.Cells.Where(cell => acceptance.TryGetValue(cell.Id, out var lane) && lane.Records.Count > 0))
        {
            Put($"records/{cell.Id}.jsonl", stream => acceptance[cell.Id].Records.ForEach(file => stream.Write(File.ReadAllBytes(file))));
        }

        Put("answers.jsonl", stream => document.Cells.ToList().ForEach(cell => WriteAnswers(stream, cell.Id, acceptance.GetValueOrDefault(cell.Id)?.Generations ?? [])));
        Put("acceptance.json", stream => stream.Write(ResultFiles.Acceptance(document, cells)));
        Put("result.json", stream => stream.Write(ResultFiles.Result(document, cells, lanes.Curves)));
        Put("result.csv", stream => stream.Write(ResultFiles.Csv(document, cells)));
        Put("report/index.html", stream => stream.Write(EvaluationReport.Write(document, cells, lanes.Curves)));

        var models = document.Models.ToDictionary(name => name, name => shelf.Folder(name).Digest);
        var written = EvaluationParser.ToJson(document);
        written.Remove("output");
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal)
        {
            ["cells"] = cells.Count,
            ["generations"] = cells.Sum(cell => cell.Tally.Requests.Count),
            ["failed"] = cells.Sum(cell => cell.Tally.Requests.Count(r => r.Outcome != RequestOutcome.Ok)),
            ["broken"] = cells.Count(cell => cell.Verdict.Kind == LosslessnessKind.Broken),
        };
        var manifest = new OutputManifest { Document = System.Text.Encoding.UTF8.GetBytes(written.ToJsonString()), Models = models, Counts = counts, Files = files };
        var content = manifest.Write();
        workspace.Commit(folder, OutputManifest.FileName, content, workspace.Files.Read(OutputManifest.FileName));
        workspace.Files.Finish();
        return PublishExecutor.Done(workspace, content);

        void Put(string name, Action<Stream> write)
        {
            cancellationToken.ThrowIfCancellationRequested();
            files[name] = workspace.Publish(folder, name, write);
        }
    }

    private CellResult Judge(EvaluationDocument document, EvaluationCell cell, JobLanes lanes, Certificates certificates, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var own = lanes.Acceptance.GetValueOrDefault(cell.Id) ?? lanes.Speed.GetValueOrDefault(cell.Id);
        var baselineId = EvaluationCell.Of(document, new BaselineOptions(), cell.Sampling).Id;
        var baseline = lanes.Acceptance.GetValueOrDefault(baselineId)?.Generations ?? own?.Baseline ?? [];
        var generations = own?.Generations ?? (cell.Method is BaselineOptions ? BesideAMethod(document, cell, lanes)?.Baseline : null) ?? [];
        var (audits, notCompared) = cell.Sampling.Options.IsGreedy ? Audit(baseline, generations, Tolerance(document)) : ([], 0);
        var observed = RoundObservations.Sum(generations.Select(g => g.Observed).OfType<RoundObservations>());
        var statistical = certificates.StatisticalOf(cell);
        var verdict = cell.Method is BaselineOptions
            ? new LosslessnessVerdict(cell.Sampling.Options.IsGreedy ? LosslessnessKind.Identical : LosslessnessKind.Exact, "the baseline itself")
            : cell.Sampling.Options.IsGreedy
                ? LosslessnessVerdict.OfGreedy([.. audits.Select(audit => audit.Outcome)], notCompared)
                : LosslessnessVerdict.OfSampled(!cell.Method.IsLossy, certificates.ExactOf(cell), statistical?.Test, observed);
        var measured = lanes.Speed.GetValueOrDefault(cell.Id);
        var (first, second) = measured is null ? (null, null) : (Tally(measured.Baseline), Tally(measured.Generations));
        var result = new CellResult(
            cell,
            Tally(generations),
            verdict,
            [.. audits.Where(audit => audit.Outcome.Kind != GreedyKind.Identical).Take(MostDivergences)],
            first is null || second is null ? null : SpeedComparison.Of(first, second, document.Seed),
            first,
            second,
            measured?.Device)
        {
            Statistical = statistical,
            Observed = observed,
            PromptsCut = generations.Count(g => g.Trace.PromptTokensCut > 0),
            PromptTokensCut = generations.Sum(g => (long)g.Trace.PromptTokensCut),
        };
        return result with { Prediction = Predict(result, lanes) };
    }

    private static Lane? BesideAMethod(EvaluationDocument document, EvaluationCell baseline, JobLanes lanes) => document.Cells
        .Where(cell => cell.Sampling == baseline.Sampling).Select(cell => lanes.Speed.GetValueOrDefault(cell.Id)).FirstOrDefault(lane => lane is not null);

    /// <summary>What the curve of the cell's own device says; null without a curve or a draft.</summary>
    private static DevicePrediction? Predict(CellResult cell, JobLanes lanes)
    {
        if (cell.MethodSpeed is null || cell.Device is null || cell.Overall.Drafted == 0
            || lanes.Curves.FirstOrDefault(c => c.Device.IsLike(cell.Device)).Curve is not { } curve)
        {
            return null;
        }

        var depth = Math.Max(1, cell.Cell.Method.DraftDepth);
        var timing = CellMetrics.Of(cell.MethodSpeed).Timing;
        return DevicePrediction.Of(
            curve,
            timing.DraftMicroseconds / (double)Math.Max(1, timing.Steps) / depth,
            cell.Observed.OfferedByRank.Count > 1 ? 0 : depth,
            cell.Overall.AcceptanceOfEvaluated,
            cell.Overall.Conditional,
            cell.Observed.AcceptanceByRank);
    }

    private double Tolerance(EvaluationDocument document) => !document.IsReplay && shelf.Decoder(document.Target).IsHalf ? HalfTolerance : SingleTolerance;

    /// <summary>
    /// Compares a greedy cell with the baseline. A turn's prompt holds the answers of the turns before it: where one of these
    /// differs, later turns answer another prompt, and are counted instead of compared.
    /// </summary>
    /// <param name="baseline">The baseline's generations.</param>
    /// <param name="method">The method's.</param>
    /// <param name="tolerance">Margin of a near-tie.</param>
    /// <returns>Outcomes in the order of the method's generations, and the number of turns that were not compared.</returns>
    internal static (List<(RequestKey Key, GreedyOutcome Outcome)> Audits, int NotCompared) Audit(
        IReadOnlyList<Generation> baseline, IReadOnlyList<Generation> method, double tolerance)
    {
        var byKey = baseline.ToDictionary(g => g.Trace.Key);
        var pairs = method.Where(g => byKey.ContainsKey(g.Trace.Key)).Select(g => (Baseline: byKey[g.Trace.Key], Method: g)).ToList();
        var parted = pairs.Where(pair => !pair.Baseline.Output.SequenceEqual(pair.Method.Output)).Select(pair => pair.Method.Trace.Key)
            .GroupBy(key => (key.Prompt, key.Sample)).ToDictionary(keys => keys.Key, keys => keys.Min(key => key.Turn));
        var answered = pairs.Where(pair => pair.Baseline.Trace.Outcome == RequestOutcome.Ok && pair.Method.Trace.Outcome == RequestOutcome.Ok).ToList();
        List<(RequestKey, GreedyOutcome)> audits =
        [
            .. answered.Where(pair => pair.Method.Trace.Key is var key && key.Turn <= parted.GetValueOrDefault((key.Prompt, key.Sample), int.MaxValue))
                .Select(pair => (pair.Method.Trace.Key, GreedyAudit.Compare(pair.Baseline.Output, pair.Method.Output, pair.Baseline.Margins, tolerance))),
        ];
        return (audits, answered.Count - audits.Count);
    }

    private static CellTally Tally(IReadOnlyList<Generation> generations) => CellTally.Of(generations.Select(g => g.Trace));

    private static void WriteAnswers(Stream stream, string cell, IReadOnlyList<Generation> generations)
    {
        foreach (var prompt in generations.GroupBy(g => g.Trace.Key.Prompt))
        {
            SpecBenchAnswers.Write(stream, cell, [.. prompt.Select(g => new AnsweredTurn(g.Trace, g.Text))]);
        }
    }

}
