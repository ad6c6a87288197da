using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Data.WebDataset;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Jobs;
using Orchestrator.Inference.Images;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Phase <c>score</c>: one input tar to one score part, a row per sample whatever becomes of it, and the quarantine lines
/// of those that could not be judged.
/// </summary>
public sealed class ScoreExecutor(
    JobStorage storage, IScoringModels models, ImageDecoder decoder, CpuPool pool, LanguageModels languages, EntryLists entries, NounDictionaries nouns,
    EmbeddingFolders earlier, CurationInstruments instruments)
    : CurationExecutor(storage, CurationDocument.Kind)
{
    /// <inheritdoc />
    public override string Phase => CurationPlan.Score;

    /// <inheritdoc />
    protected override Task<ShardOutcome> ExecuteAsync(ShardWork work, CurationWorkspace workspace, CancellationToken cancellationToken) =>
        Task.FromResult(Execute(work, workspace, cancellationToken));

    private ShardOutcome Execute(ShardWork work, CurationWorkspace workspace, CancellationToken cancellationToken)
    {
        var source = CurationJson.Read<ScorePayload>(work.Payload);
        var resolved = Storage.Resolve(source.Path, "input.shards");
        if (!resolved.Ok)
        {
            return ShardOutcome.Failed(FailureKind.Fatal, resolved.Fault!.ToString());
        }

        using var stages = new StageLog(models, instruments);
        var document = CurationParser.ParseCanonical(work.Order.Document);
        using var columns = ColumnScores.Bind(document, workspace, cancellationToken);
        using var subset = document.Input.Subset is { } uids ? InputSubset.Open(uids, workspace) : null;
        var audit = document.Input.Format == CurationInput.Img2Dataset ? DownloadAudit.Open(source with { Path = resolved.Value }, workspace) : null;
        var sources = new StageSources(languages.Get, entries.Get, nouns.Get, (folder, digest, dimension) => earlier.Open(folder, source.Name, digest, dimension));
        using var plan = ScoringPlan.Bind(document, stages, sources);
        (plan.Columns, plan.Subset) = (columns, subset);
        if (!SourceShard.TryOpen(Storage, source with { Path = resolved.Value }, null, out var reader, out var damage))
        {
            return ShardOutcome.Failed(SourceShard.FailureOf(source.Name, damage));
        }

        using (reader)
        {
            return Score(work, workspace, source, resolved.Value, plan, stages, reader, audit, cancellationToken);
        }
    }

    private ShardOutcome Score(
        ShardWork work,
        CurationWorkspace workspace,
        ScorePayload source,
        string path,
        ScoringPlan plan,
        StageLog stages,
        TarShardReader reader,
        DownloadAudit? audit,
        CancellationToken cancellationToken)
    {
        var folder = workspace.CreateAttempt(work.Lease);
        var tally = new SampleTally();
        using var quarantine = new MemoryStream();
        var preparer = new SamplePreparer(source.Name, work.Lease.Shard.Index, decoder, plan);
        using var embeddings = new EmbeddingWriter(plan, folder);
        var reuse = new EmbeddingReuse(plan);
        var scores = workspace.WriteFile(folder, "scores.parquet", "", stream =>
        {
            using var writer = new ScorePartWriter(stream, ScoreSchema.Create(plan.Signals, plan.Tags).Value);
            ScorePipeline.Run(reader, preparer, plan, pool, Finished, cancellationToken);
            writer.Finish();

            void Finished(PreparedSample sample)
            {
                audit?.Meet(sample.Key);
                if (sample.IsOutside)
                {
                    tally.Count(CurationTally.OutsideSubset, 1);
                    return;
                }

                var row = ToRow(source.Name, sample);
                writer.Append(row);
                tally.Add(row);
                embeddings.Add(sample);
                reuse.Add(sample);
                stages.Take(plan, sample);
                if (sample.Trouble is { } trouble)
                {
                    QuarantineJsonl.Write(
                        quarantine,
                        new QuarantineRecord(source.Name, sample.Key, sample.Ordinal, CurationPlan.Score, trouble.Reason, trouble.Message));
                }
            }
        });

        if (reader.Damage is { Retryable: true } unreadable)
        {
            return ShardOutcome.Failed(SourceShard.FailureOf(source.Name, unreadable));
        }

        // Every member before a missing end marker is complete, and some writers leave it out: nothing was lost.
        var damage = reader.Damage is { } found && found.Kind != ShardDamageKind.MissingEndMarker
            ? new DamageNote(QuarantineJsonl.NameOf(found.Kind), found.Offset, found.Message)
            : null;
        if (damage is not null)
        {
            tally.AddDamage();
            QuarantineJsonl.Write(
                quarantine, new QuarantineRecord(source.Name, null, null, CurationPlan.Score, $"shard-{damage.Kind}", damage.Message));
        }

        audit?.Finish(tally, quarantine);
        var lines = workspace.WriteFile(folder, "quarantine.jsonl", "", stream => quarantine.WriteTo(stream));
        var digests = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var model in plan.Models.SelectMany(s => s.Models))
        {
            digests[model.Name] = model.Model.Digest;
        }

        foreach (var (name, digest) in plan.Digests.Concat(plan.Columns?.Digests ?? []))
        {
            digests[name] = digest;
        }

        var counts = tally.ToCounts().Concat(reuse.ToCounts()).ToDictionary();
        var manifest = new ScoreManifest(
            source, Storage.Stat(path)?.Bytes ?? 0, tally.Read, scores, lines, embeddings.Finish(workspace, work.Lease.Shard.Index), digests, damage, new(counts, StringComparer.Ordinal));
        return ShardOutcome.Completed(CurationJson.ToOutput(manifest, counts));
    }

    private static ScoreRow ToRow(string shard, PreparedSample sample) => new()
    {
        Shard = shard,
        Row = sample.Ordinal,
        Key = sample.Key,
        Uid = sample.Uid.ToString(),
        Width = sample.Size?.Width,
        Height = sample.Size?.Height,
        ImageBytes = sample.ImageBytes,
        Text = sample.Text,
        Signals = Array.ConvertAll(sample.Signals, s => float.IsNaN(s) ? (float?)null : s),
        Tags = sample.Tags,
        State = sample.Trouble is not null ? SampleStates.Quarantined : sample.Rejected is not null ? SampleStates.Rejected : null,
        Reason = sample.Trouble?.Reason ?? sample.Rejected,
    };
}
