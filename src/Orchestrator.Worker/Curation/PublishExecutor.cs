using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation.Report;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Phase <c>publish</c>: checks that every sample is accounted for, gives committed files their final names and
/// writes the files of the whole output, <c>manifest.json</c> last. Every step may be repeated, also beside a late attempt
/// of its own: names and contents follow from what is committed.
/// </summary>
public sealed class PublishExecutor(JobStorage storage, string kind) : CurationExecutor(storage, kind)
{
    /// <inheritdoc />
    public override string Phase => CurationPlan.Publish;

    /// <inheritdoc />
    protected override async Task<ShardOutcome> ExecuteAsync(ShardWork work, CurationWorkspace workspace, CancellationToken cancellationToken)
    {
        if (workspace.Files.IsFinished(OutputManifest.FileName) && workspace.Files.Read(OutputManifest.FileName) is { Bytes: var published }
            && IsWhole(ManifestOf(workspace, published).Counts))
        {
            // An earlier attempt got to the end and died before its commit.
            workspace.Files.Finish();
            return Done(workspace, published);
        }

        // Made before anything is read: an attempt that outlives its job then has either no inputs or no place to publish from.
        var folder = workspace.CreateAttempt(work.Lease);
        var decision = await ReadDecisionAsync(work, workspace, cancellationToken);
        var written = new List<WriteManifest>();
        await foreach (var committed in work.Committed.ReadAsync(CurationPlan.Write, cancellationToken))
        {
            written.Add(CurationJson.Read<WriteManifest>(committed.Manifest));
        }

        var failedShards = CurationJson.Read<PublishPayload>(work.Payload).FailedShards;
        var counts = Sum(written);
        foreach (var (name, count) in decision.Parts.SelectMany(p => p.Reuse))
        {
            counts[name] = counts.GetValueOrDefault(name) + count;
        }

        if (failedShards > 0)
        {
            // Their score parts stay as well: retry scores the missing shards and publishes again.
            counts[CurationTally.FailedShards] = failedShards;
        }

        if (Unaccounted(decision, written, counts) is { } problem)
        {
            return ShardOutcome.Failed(FailureKind.Fatal, problem);
        }

        var before = workspace.Files.Read(OutputManifest.FileName);
        var manifest = Publish(workspace, folder, decision, written, counts, cancellationToken);
        var content = manifest.Write();
        foreach (var stale in before is null ? [] : ManifestOf(workspace, before.Bytes).Files.Keys.Except(manifest.Files.Keys))
        {
            workspace.Files.Delete(stale);
        }

        workspace.Commit(folder, OutputManifest.FileName, content, before);
        if (IsWhole(counts))
        {
            workspace.Files.Finish();
        }

        return Done(workspace, content);
    }

    private OutputManifest Publish(
        CurationWorkspace workspace,
        AttemptFolder folder,
        CurationDecision decision,
        List<WriteManifest> written,
        SortedDictionary<string, long> counts,
        CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, FileDigest>(StringComparer.Ordinal);
        foreach (var file in written.SelectMany(w => w.Files).Concat(decision.Synsets is { } synsets ? [synsets] : []))
        {
            cancellationToken.ThrowIfCancellationRequested();
            files[file.Name] = new FileDigest(file.Bytes, file.Sha256);
            workspace.Files.Place(file.Path, file.Name, files[file.Name]);
        }

        var tars = written.Where(w => w.Kind == "tar").ToList();
        files["sample_ids.npy"] = workspace.Publish(folder, "sample_ids.npy", stream =>
        {
            var merged = SampleIdsNpy.Merge(
                [.. tars.Select(t => workspace.PathOf(t.SampleIds!))], stream, tars.Count > SampleIdsNpy.MaxOpenRuns ? folder.Path : "");
            if (!merged.Ok)
            {
                throw new InvalidDataException(merged.Fault!.ToString());
            }
        });
        files["quarantine.jsonl"] = workspace.Publish(folder, "quarantine.jsonl", stream =>
        {
            foreach (var file in decision.Parts.Select(p => p.Quarantine).OfType<AttemptFile>())
            {
                using var lines = File.OpenRead(workspace.PathOf(file));
                lines.CopyTo(stream);
            }
        });
        files["sizes.json"] = Write(
            "sizes.json", SizesJson.Write(tars.Select(t => KeyValuePair.Create(OutputNames.Tar(t.Index), t.Samples))));
        files["meta.json"] = Write("meta.json", MetaOf(workspace, decision, tars.Sum(t => t.Samples)).Write());
        var models = decision.Parts.SelectMany(p => p.Models).DistinctBy(m => m.Key).ToDictionary();
        files["report/index.html"] = Write("report/index.html", CurationReport.Write(new ReportReader(workspace, decision, files).Read(counts, models, cancellationToken)));

        return new OutputManifest
        {
            Document = System.Text.Encoding.UTF8.GetBytes(workspace.Job.Canonical.ToJsonString()),
            Models = models,
            Embeddings = decision.Parts.SelectMany(p => p.Embeddings).Where(e => e.File.Name.Length > 0).DistinctBy(e => e.Signal).ToDictionary(e => e.Signal, e => e.Images),
            Counts = counts,
            Files = files,
        };

        FileDigest Write(string name, byte[] content) => workspace.Publish(folder, name, stream => stream.Write(content));
    }

    /// <summary>True where no shard's part is missing, so that nothing is left to retry and what attempts kept may go.</summary>
    private static bool IsWhole(IReadOnlyDictionary<string, long> counts) => counts.GetValueOrDefault(CurationTally.FailedShards) == 0;

    private static MetaJson MetaOf(CurationWorkspace workspace, CurationDecision decision, long samples) => new()
    {
        InputDir = workspace.Job.Inputs,
        OutputDir = ".",
        InputShards = decision.Parts.Count,
        ShardSize = decision.SamplesPerShard,
        ProcessedCount = decision.Read,
        OutputCount = samples,
        OutputShardCount = decision.OutputTars,
    };

    private static SortedDictionary<string, long> Sum(List<WriteManifest> written)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal)
        {
            [CurationTally.Read] = 0,
            [CurationTally.Kept] = 0,
            [CurationTally.Rejected] = 0,
            [CurationTally.Duplicate] = 0,
            [CurationTally.Quarantined] = 0,
        };
        foreach (var (name, count) in written.SelectMany(w => w.Tally))
        {
            counts[name] = counts.GetValueOrDefault(name) + count;
        }

        return counts;
    }

    private static string? Unaccounted(CurationDecision decision, List<WriteManifest> written, SortedDictionary<string, long> counts)
    {
        var tars = written.Where(w => w.Kind == "tar").ToList();
        var (inTars, samples) = (tars.Sum(t => t.Rows), tars.Sum(t => t.Samples));
        var kept = counts[CurationTally.Kept];

        // With capfilt a sample goes out once for each of its kept texts.
        var captions = counts.Where(c => c.Key.StartsWith(CurationTally.Captions(""), StringComparison.Ordinal)).Sum(c => c.Value);
        var expected = captions == 0 ? kept : captions;
        return SampleTally.Imbalance(counts) is { } imbalance ? $"{imbalance}; nothing was published."
            : counts[CurationTally.Read] != decision.Read ? $"{decision.Read} samples were scored but {counts[CurationTally.Read]} have a final state; nothing was published."
            : kept != inTars || kept != decision.Kept ? $"{decision.Kept} samples were selected, {kept} marked kept, {inTars} written; nothing was published."
            : samples != expected ? $"{expected} pairs of picture and text were kept, {samples} written; nothing was published."
            : null;
    }

    private static OutputManifest ManifestOf(JobFolder workspace, byte[] content)
    {
        var read = OutputManifest.Read(content, JobStorage.Combine(workspace.Output, OutputManifest.FileName));
        return read.Ok ? read.Value : throw new InvalidDataException(read.Fault!.ToString());
    }

    /// <summary>What an attempt says of an output that is published, a function of its manifest alone.</summary>
    /// <param name="workspace">The job's folder.</param>
    /// <param name="manifest">Content of <c>manifest.json</c>.</param>
    internal static ShardOutcome Done(JobFolder workspace, byte[] manifest)
    {
        var counts = new SortedDictionary<string, long>(ManifestOf(workspace, manifest).Counts.ToDictionary(), StringComparer.Ordinal);
        var digest = FileDigest.Of(manifest);
        var published = new PublishManifest(workspace.Output, new AttemptFile(OutputManifest.FileName, OutputManifest.FileName, digest.Bytes, digest.Sha256), counts);
        return ShardOutcome.Completed(CurationJson.ToOutput(published, counts));
    }
}
