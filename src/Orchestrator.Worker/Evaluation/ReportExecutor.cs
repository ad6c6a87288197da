using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Evaluation;
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
/// step traces by pure functions; the files of the acceptance lane are the same bytes whatever the number of workers.
/// </summary>
public sealed class ReportExecutor(JobStorage storage, LanguageShelf shelf) : EvaluationExecutor(storage)
{
    private const string ManifestName = "manifest.json";

    /// <summary>Divergences listed a cell.</summary>
    private const int MostDivergences = 20;

    /// <summary>Margin below which two orders of summation may choose differently: single and half precision.</summary>
    private const double SingleTolerance = 1e-3;
    private const double HalfTolerance = 5e-2;

    /// <inheritdoc />
    public override string Phase => EvaluationPlan.Report;

    /// <inheritdoc />
    protected override async Task<ShardOutcome> ExecuteAsync(ShardWork work, EvaluationWorkspace workspace, CancellationToken cancellationToken)
    {
        var document = workspace.Document;
        var acceptance = await ReadLaneAsync(work, workspace, EvaluationPlan.Acceptance, cancellationToken);
        var speed = await ReadLaneAsync(work, workspace, EvaluationPlan.Speed, cancellationToken);

        // A certificate has settings of its own, so it is the same for every way of sampling.
        var certificates = new Dictionary<MethodOptions, ExactOutcome>(ReferenceEqualityComparer.Instance);
        var cells = document.Cells.Select(cell => Judge(document, cell, acceptance, speed, certificates, cancellationToken)).ToList();
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
            }
        }

        Put("answers.jsonl", stream => document.Cells.ToList().ForEach(cell => WriteAnswers(stream, cell.Id, acceptance.GetValueOrDefault(cell.Id)?.Generations ?? [])));
        Put("acceptance.json", stream => stream.Write(ResultFiles.Acceptance(document, cells)));
        Put("result.json", stream => stream.Write(ResultFiles.Result(document, cells)));
        Put("result.csv", stream => stream.Write(ResultFiles.Csv(document, cells)));
        Put("report/index.html", stream => stream.Write(EvaluationReport.Write(document, cells)));

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
        var digest = workspace.Files.Write(ManifestName, stream => stream.Write(manifest.Write()));
        workspace.Files.Finish();

        return ShardOutcome.Completed(CurationJson.ToOutput(
            new PublishManifest(workspace.Output, new AttemptFile(ManifestName, ManifestName, digest.Bytes, digest.Sha256), counts), counts));

        void Put(string name, Action<Stream> write)
        {
            cancellationToken.ThrowIfCancellationRequested();
            files[name] = workspace.Files.Write(name, write);
        }
    }

    private CellResult Judge(
        EvaluationDocument document,
        EvaluationCell cell,
        Dictionary<string, Lane> acceptance,
        Dictionary<string, Lane> speed,
        Dictionary<MethodOptions, ExactOutcome> certificates,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var own = acceptance.GetValueOrDefault(cell.Id) ?? speed.GetValueOrDefault(cell.Id);
        var baselineId = EvaluationCell.Of(document, new BaselineOptions(), cell.Sampling).Id;
        var baseline = acceptance.GetValueOrDefault(baselineId)?.Generations ?? own?.Baseline ?? [];
        var generations = own?.Generations ?? (cell.Method is BaselineOptions ? speed.Values.FirstOrDefault(lane => lane.Sampling == cell.Sampling)?.Baseline : null) ?? [];
        var audits = cell.Sampling.Options.IsGreedy ? Audit(baseline, generations, document.Target) : [];
        var verdict = cell.Method is BaselineOptions
            ? new LosslessnessVerdict(cell.Sampling.Options.IsGreedy ? LosslessnessKind.Identical : LosslessnessKind.Exact, "the baseline itself")
            : cell.Sampling.Options.IsGreedy
                ? LosslessnessVerdict.OfGreedy([.. audits.Select(audit => audit.Outcome)])
                : LosslessnessVerdict.OfSampled(!cell.Method.IsLossy, Certificate(), null);
        var measured = speed.GetValueOrDefault(cell.Id);
        var (first, second) = measured is null ? (null, null) : (Tally(measured.Baseline), Tally(measured.Generations));
        return new CellResult(
            cell,
            Tally(generations),
            verdict,
            [.. audits.Where(audit => audit.Outcome.Kind != GreedyKind.Identical).Take(MostDivergences)],
            first is null || second is null ? null : SpeedComparison.Of(first, second, document.Seed),
            first,
            second,
            measured?.Device);

        ExactOutcome Certificate()
        {
            if (!certificates.TryGetValue(cell.Method, out var outcome))
            {
                certificates[cell.Method] = outcome = MethodCertificate.Run(cell.Method);
            }

            return outcome;
        }
    }

    private List<(RequestKey Key, GreedyOutcome Outcome)> Audit(IReadOnlyList<Generation> baseline, IReadOnlyList<Generation> method, string target)
    {
        var tolerance = shelf.Decoder(target).IsHalf ? HalfTolerance : SingleTolerance;
        var byKey = baseline.Where(g => g.Trace.Outcome == RequestOutcome.Ok).ToDictionary(g => g.Trace.Key);
        return
        [
            .. method.Where(g => g.Trace.Outcome == RequestOutcome.Ok && byKey.ContainsKey(g.Trace.Key))
                .Select(g => (g.Trace.Key, GreedyAudit.Compare(byKey[g.Trace.Key].Output, g.Output, byKey[g.Trace.Key].Margins, tolerance))),
        ];
    }

    private static CellTally Tally(IReadOnlyList<Generation> generations) => CellTally.Of(generations.Select(g => g.Trace));

    private static void WriteAnswers(Stream stream, string cell, IReadOnlyList<Generation> generations)
    {
        foreach (var prompt in generations.GroupBy(g => g.Trace.Key.Prompt))
        {
            SpecBenchAnswers.Write(stream, cell, [.. prompt.Select(g => new AnsweredTurn(g.Trace, g.Text))]);
        }
    }

    private static async Task<Dictionary<string, Lane>> ReadLaneAsync(ShardWork work, EvaluationWorkspace workspace, string phase, CancellationToken cancellationToken)
    {
        var lanes = new Dictionary<string, Lane>(StringComparer.Ordinal);
        var cells = workspace.Document.Cells.ToDictionary(cell => cell.Id);
        await foreach (var committed in work.Committed.ReadAsync(phase, cancellationToken))
        {
            var manifest = CurationJson.Read<LaneManifest>(committed.Manifest);
            if (!lanes.TryGetValue(manifest.Cell, out var lane))
            {
                lanes[manifest.Cell] = lane = new Lane(cells[manifest.Cell].Sampling, [], [], manifest.Device);
            }

            lane.Generations.AddRange(GenerationJsonl.Read(workspace.PathOf(manifest.Generations)));
            if (manifest.Baseline is { } baseline)
            {
                lane.Baseline.AddRange(GenerationJsonl.Read(workspace.PathOf(baseline)));
            }
        }

        return lanes;
    }

    private sealed record Lane(SamplingCell Sampling, List<Generation> Generations, List<Generation> Baseline, DeviceFingerprint? Device);
}
